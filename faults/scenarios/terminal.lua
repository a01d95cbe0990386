-- A terminal: its size, what is typed, its end of file.
local attempt = require("faults.attempt")

return function(pipe)
  local proc = attempt.call(pipe.spawn, { "/bin/sh", "-c", "stty -echo; echo ready; exec cat" },
    { pty = true, stdout_read_timeout = 2000 })
  assert(attempt.method(proc, "stdout_read_line") == "ready")
  attempt.method(proc, "resize", 50, 100)
  attempt.write(proc, "text\n")
  assert(attempt.method(proc, "stdout_read_line") == "text")
  attempt.method(proc, "shutdown", "stdin")
  assert(attempt.read_all(proc) == "")
  local ok, reason, status = attempt.method(proc, "wait")
  assert(ok, reason .. " " .. tostring(status))
end
