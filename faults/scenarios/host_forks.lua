-- The host makes a copy of itself, which lets go of what it has inherited, signals among it, and uses the library anew.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

local SIGABRT = 6

local function copied(pipe, proc)
  libc.die_with_parent()
  assert(not proc:write("text"))
  attempt.echo(pipe):close()
end

return function(pipe)
  local proc = attempt.echo(pipe)
  local handler = attempt.call(pipe.signal.on, "USR1", function() end)
  local copy = libc.C.fork()
  if copy == 0 then
    local good, problem = pcall(copied, pipe, proc)
    libc.C._exit((good or problem == attempt.OVER) and 0 or 1)
  end
  local status = libc.await(copy)
  if status == SIGABRT then
    libc.C.abort() -- libuv has given up, there instead of here
  end
  assert(status == 0, "the copy has failed")
  handler:stop()
  attempt.write(proc, "more")
  assert(attempt.method(proc, "stdout_read_any", 10) == "more")
  proc:close()
end
