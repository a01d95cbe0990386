-- A terminal that is full, and whose last reader goes: who waits to type is told.
local attempt = require("faults.attempt")

return function(pipe)
  local script = "stty raw -echo; echo ready; exec sleep 60"
  local proc = attempt.call(pipe.spawn, { "/bin/sh", "-c", script }, { pty = true })
  assert(attempt.method(proc, "stdout_read_line") == "ready")
  local typing = pipe.thread.spawn(function()
    attempt.refused("closed", proc.write, proc, ("x"):rep(2 ^ 17))
  end)
  attempt.method(proc, "kill", "KILL")
  assert(select(3, attempt.method(proc, "wait")) == 9)
  attempt.join(pipe, typing)
end
