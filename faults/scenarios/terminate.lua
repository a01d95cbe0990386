-- A child that handles TERM, and one that has to be killed.
local attempt = require("faults.attempt")

return function(pipe)
  local proc = attempt.call(pipe.spawn, { "/bin/sh", "-c", "trap 'exit 5' TERM; echo ready; read line" })
  assert(attempt.method(proc, "stdout_read_line") == "ready")
  assert(select(3, attempt.method(proc, "terminate", 20000)) == 5)
  proc = attempt.call(pipe.spawn, { "/bin/sh", "-c", "trap '' TERM; echo ready; read line" })
  assert(attempt.method(proc, "stdout_read_line") == "ready")
  assert(select(3, attempt.method(proc, "terminate", 1)) == 9)
end
