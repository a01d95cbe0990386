--- Runs LuaJIT scripts as hosts of their own, with the library under test: for what a host cannot try on itself, such
-- as ending, running out of descriptors, or changing its signals.
local assert = require "luassert"
local libc = require "spec.libc"
local pipe = require "pipe"

local host = {}

local PATIENCE = 600000 -- ms: eight threads that spawn under valgrind, on a machine that does other things

-- The interpreter that runs this spec is the lowest of arg's negative indices, unless something else runs that one, as
-- valgrind does.
local function interpreter()
  local index = 0
  while arg and arg[index - 1] do
    index = index - 1
  end
  return os.getenv("PIPE_SPEC_LUAJIT") or index < 0 and arg[index] or "luajit"
end

-- The host's environment with these variables in it (false takes one away), and the paths that busted was given.
local function environment(variables)
  local all = { LUA_PATH = package.path, LUA_CPATH = package.cpath, LD_PRELOAD = os.getenv("PIPE_SPEC_PRELOAD") }
  for name, value in pairs(variables or {}) do
    all[name] = value
  end
  local list = {}
  for _, line in ipairs(libc.environment()) do
    local name = line:match("^[^=]+")
    if all[name] == nil then
      list[#list + 1] = line
    end
  end
  for name, value in pairs(all) do
    if value then
      list[#list + 1] = name .. "=" .. value
    end
  end
  return list
end

--- What a script begins with: on its first line, so that line numbers stay as they are; and with one declaration only,
-- so that the script may make its own.
host.prelude = [[
  if os.getenv("LD_PRELOAD") then
    local ffi = require("ffi")
    ffi.cdef("int unsetenv(const char *name)")
    ffi.C.unsetenv("LD_PRELOAD")
  end
]]
host.prelude = host.prelude:gsub("%s+", " ")

--- Starts a program that will load the library, with other options of spawn perhaps; returns its process.
function host.start_program(args, variables, options)
  local all = {
    environ = environment(variables),
    stdout_read_timeout = PATIENCE, stderr_read_timeout = PATIENCE, wait_timeout = PATIENCE,
  }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return assert(pipe.spawn(args, all))
end

--- Starts the interpreter, with other options of spawn perhaps; returns its process. `args` are its arguments; its
-- `script` runs before them, and its `through` is a command that is to run the whole.
function host.interpret(args, variables, options)
  local words = { unpack(args.through or {}) }
  for _, word in ipairs { interpreter(), "-e", host.prelude .. (args.script or ""), unpack(args) } do
    words[#words + 1] = word
  end
  return host.start_program(words, variables, options)
end

--- Starts a script as a host; returns its process.
function host.start(script, variables)
  return host.interpret({ script = script }, variables)
end

--- Follows a started host to its end: what it wrote and how it ended.
function host.finish(proc)
  proc:shutdown("stdin")
  local errors = pipe.thread.spawn(function() return proc:stderr_read_all() end)
  local result = { stdout = proc:stdout_read_all() }
  local _, text = pipe.thread.wait(errors)
  result.stderr = text
  local _, reason, status = proc:wait()
  result.reason, result.status = reason, status
  return result
end

function host.run(script, variables)
  return host.finish(host.start(script, variables))
end

--- What a host printed that must have ended well and said nothing on stderr.
function host.printed(result)
  assert.same({ stderr = "", reason = "exit", status = 0 },
    { stderr = result.stderr, reason = result.reason, status = result.status })
  return result.stdout
end

--- Runs a script that must end well and say nothing on stderr; returns what it printed.
function host.output(script, variables)
  return host.printed(host.run(script, variables))
end

--- The first lines of a script that has a function exercise(): it uses children in every way, and fails where one
-- does not work.
host.exercise = [[
  local ffi = require "ffi"
  local libc = require "spec.libc"
  local pipe = require "pipe"
  local function exercise()
    local proc = assert(pipe.spawn({ "sh", "-c", "read line; echo out $line; echo err $line >&2; exit 3" }))
    assert(proc:write("text\n") == 5)
    local errors = pipe.thread.spawn(function() return proc:stderr_read_all() end)
    assert(proc:stdout_read_line() == "out text")
    assert(select(2, pipe.thread.wait(errors)) == "err text\n")
    assert(select(3, proc:wait()) == 3)
    assert(proc:stdout_read_all() == "")
    local merged = assert(pipe.spawn("cat; echo err >&2", { merge_stderr = true }))
    assert(merged:write("out\n") == 4)
    merged:shutdown("stdin")
    assert(merged:stdout_read_all() == "out\nerr\n")
    assert(merged:wait())
    local closed = assert(pipe.spawn({ "sh", "-c", "exec <&-; echo ready; exec sleep 1000" }, { wait_timeout = 1 }))
    assert(closed:stdout_read_line() == "ready")
    local problem
    repeat -- a child of another thread has it, too, until it executes its program
      problem = select(2, closed:write("x"))
    until problem
    assert(problem == "closed", problem)
    assert(select(2, closed:wait()) == "timeout")
    closed:set_timeouts(nil, nil, nil, 10000)
    closed:kill("TERM")
    assert(select(3, closed:wait()) == 15)
    assert(select(3, pipe.spawn({ "no-such" })) == "ENOENT")
    pipe.sleep(0.001)
  end
]]

local PR_SET_CHILD_SUBREAPER = 36

--- While this is on, a process whose parent is gone becomes a child of the spec: so a child that a host has killed
-- but not reaped is seen, and one that it left alone can be waited for.
function host.adopt_orphans(on)
  assert.equal(0, libc.C.prctl(PR_SET_CHILD_SUBREAPER, on and 1 or 0, 0, 0, 0))
end

--- Asserts that an ended host has left none of these processes behind, not even as a zombie.
function host.left_nothing(pids)
  assert.is_true(#pids > 0)
  for _, pid in ipairs(pids) do
    assert.is_false(libc.exists(pid), "process " .. pid .. " is still there")
  end
end

--- The numbers in a text, one a line.
function host.numbers(text)
  local list = {}
  for number in text:gmatch("%d+") do
    list[#list + 1] = tonumber(number)
  end
  return list
end

return host
