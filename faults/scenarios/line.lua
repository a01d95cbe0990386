-- A line to a child and back, by all three streams.
local attempt = require("faults.attempt")

return function(pipe)
  local proc = attempt.call(pipe.spawn, { "sh", "-c", "read line; echo out $line; echo err $line >&2; cat; exit 3" })
  attempt.write(proc, "text\n")
  assert(attempt.method(proc, "stdout_read_line") == "out text")
  assert(attempt.method(proc, "stderr_read_line") == "err text")
  attempt.write(proc, { "re", "", "st" })
  assert(attempt.method(proc, "stdout_read_bytes", 4) == "rest")
  attempt.method(proc, "shutdown", "stdin")
  assert(attempt.read_all(proc) == "")
  assert(select(3, attempt.method(proc, "wait")) == 3)
  assert(attempt.method(proc, "rusage").utime >= 0)
end
