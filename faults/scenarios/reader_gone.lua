-- The child has closed its stdin: what is written then is refused, and the host gets no SIGPIPE.
local attempt = require("faults.attempt")

return function(pipe)
  local proc = attempt.call(pipe.spawn, { "/bin/sh", "-c", "exec <&-; echo ready; exec sleep 60" })
  assert(attempt.method(proc, "stdout_read_line") == "ready")
  attempt.refused("closed", proc.write, proc, "text")
  attempt.method(proc, "kill", "KILL")
  assert(select(3, attempt.method(proc, "wait")) == 9)
end
