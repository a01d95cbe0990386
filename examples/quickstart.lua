-- Twenty files are compressed, a hanging command is ended, a slow one is followed and a failing one is told, all at
-- once, in one plain LuaJIT script. Each line is printed as it happens.
-- Run it by `make demo`, or by `luajit examples/quickstart.lua` once pipe is installed.
local pipe = require "pipe"

io.stdout:setvbuf("line")

local function say(job, text, ...)
  print(("%-8s " .. text):format(job, ...))
end

-- Runs a command to its end; gives what it wrote, or throws it if the command fails.
local function output_of(...)
  local proc = assert(pipe.spawn({ ... }, { merge_stderr = true }))
  local output = proc:stdout_read_all()
  local ok, how, status = proc:wait()
  if not ok then error(("%s: %s %s: %s"):format((...), how, tostring(status), output)) end
  return output
end

-- Outside a light thread a call that waits simply drives the loop until its result is there.
local folder = output_of("mktemp", "-d"):gsub("%s+$", "")
local processors = tonumber(output_of("nproc"))

-- Writes a file of about a megabyte; returns its path.
local function generate(number)
  local path = ("%s/%02d.txt"):format(folder, number)
  local file = assert(io.open(path, "w"))
  for line = 1, 100000 do file:write(number * line * line, "\n") end
  file:close()
  return path
end

local function kilobytes(path)
  local file = assert(io.open(path))
  local size = file:seek("end")
  file:close()
  return size / 1000
end

-- One gzip a processor at a time: the semaphore has as many permits as there are processors.
local permits = pipe.semaphore.new(processors)

local function compress(path)
  local before = kilobytes(path)
  assert(permits:wait(600))
  local ok, err = pcall(output_of, "gzip", path)
  permits:post() -- also after a failure: others wait for it
  assert(ok, err)
  say("gzip", "%s: %d kB, now %d kB", path, before, kilobytes(path .. ".gz"))
end

-- A command that hangs: waiting gives up, and only then is the child ended.
local function hang()
  local proc = assert(pipe.spawn({ "sleep", "1000" }, { wait_timeout = 1000 }))
  local _, err = proc:wait()
  say("timeout", "sleep 1000 (pid %d): %s after one second, so it is killed", proc:pid(), err)
  assert(proc:kill("TERM"))
  local _, how, signal = proc:wait()
  say("timeout", "it ended by %s %d", how, signal)
end

-- A slow command: its lines are here as soon as it writes them.
local function stream()
  local proc = assert(pipe.spawn("for i in 1 2 3 4 5; do echo line $i of 5; sleep 0.4; done"))
  for line in function() return (proc:stdout_read_line()) end do say("stream", "%s", line) end
  assert(proc:wait())
  say("stream", "end of file")
end

-- Commands that fail: one by its exit status, one that cannot even be started.
local function fail()
  local proc = assert(pipe.spawn("echo 'the disk is full' >&2; exit 3"))
  local complaint = proc:stderr_read_line()
  local _, how, status = proc:wait()
  say("failure", "%s %d, and on stderr: %s", how, status, complaint)
  say("failure", "%s (%s)", select(2, pipe.spawn({ "no-such-program" })))
end

local failures = 0
function pipe.thread.on_error(_, err, traceback)
  failures = failures + 1
  io.stderr:write(traceback or err, "\n")
end

local files = {}
for number = 1, 20 do files[number] = generate(number) end

for _, job in ipairs({ hang, stream, fail }) do pipe.thread.spawn(job) end
for _, path in ipairs(files) do pipe.thread.spawn(compress, path) end
pipe.loop.run() -- until the last light thread has ended

output_of("rm", "-r", folder)
assert(failures == 0, "a job failed")
