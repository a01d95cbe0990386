--- What the host does besides: it forks, collects garbage, and gets signals.
local expect = require "soak.expect"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local patient = require "soak.patient"
local pipe = require "pipe"

local ffi = require "ffi"

local deeds = {}

-- The copy ends as programs do, with the exit handlers: what it has inherited is not its own.
function deeds.a_forked_copy(random)
  local proc = patient.spawn({ "cat" })
  local way = random:below(3)
  io.stdout:flush()
  local copy = libc.C.fork()
  if copy == 0 then
    if way == 0 then
      collectgarbage()
    elseif way == 1 then
      local own = patient.spawn({ "echo", "own" })
      if own:stdout_read_line() ~= "own" or not own:wait() or proc:write("x") then
        os.exit(1)
      end
    end
    os.exit(0)
  end
  expect.words("exit 0", libc.reap(copy))
  expect.words("4", proc:write("text"))
  expect.words("text", proc:stdout_read_bytes(4))
  expect.words("true", proc:kill("TERM"))
  expect.words("false signal 15", proc:wait())
end

function deeds.a_collection(random)
  local way = random:below(3)
  if way == 0 then
    leaks.collect()
  elseif way == 1 then
    collectgarbage()
  else
    for _ = 1, random:between(1, 20) do
      collectgarbage("step", 100)
      pipe.sleep(0)
    end
  end
end

-- A handler of the host's own, with system calls that are interrupted by it. abs(3) does nothing.
libc.C.signal(libc.SIGUSR2, ffi.cast("void *", libc.C.abs))
libc.C.siginterrupt(libc.SIGUSR2, 1)

function deeds.signals_that_interrupt_the_host(random)
  local proc = patient.spawn({ "sh", "-c", "kill -USR2 $PPID; read x; kill -USR2 $PPID; echo $x" })
  for _ = 1, random:below(10) do
    libc.C.kill(libc.C.getpid(), libc.SIGUSR2)
  end
  expect.words("5", proc:write("text\n"))
  expect.words("text", proc:stdout_read_line())
  expect.words("true exit 0", proc:wait())
end

if pipe.signal then
  function deeds.a_signal_that_is_waited_for()
    local waiter = pipe.thread.spawn(pipe.signal.wait, { "USR1", "HUP" }, patient.MS)
    local proc = patient.spawn("kill -USR1 $PPID")
    expect.words("USR1", patient.join(waiter))
    expect.words("true exit 0", proc:wait())
  end
end

return deeds
