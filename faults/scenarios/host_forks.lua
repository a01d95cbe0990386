-- The host makes a copy of itself, which lets go of what it has inherited and uses the library anew.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

return function(pipe)
  local proc = attempt.echo(pipe)
  local copy = libc.C.fork()
  if copy == 0 then
    local good = pcall(function()
      assert(not proc:write("text"))
      attempt.echo(pipe):close()
    end)
    libc.C._exit(good and 0 or 1)
  end
  assert(libc.await(copy) == 0, "the copy has failed")
  attempt.write(proc, "more")
  assert(attempt.method(proc, "stdout_read_any", 10) == "more")
  proc:close()
end
