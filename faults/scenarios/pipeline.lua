-- Children that are joined, with one stderr for all.
local attempt = require("faults.attempt")

return function(pipe)
  local line = attempt.call(pipe.pipeline, { { "/bin/cat" }, { "/usr/bin/tr", "a-z", "A-Z" }, { "/bin/cat" } },
    { stderr = "pipe" })
  attempt.write(line, "text\n")
  attempt.method(line, "shutdown", "stdin")
  assert(attempt.method(line, "stdout_read_line") == "TEXT")
  local ok, results = attempt.method(line, "wait")
  for _, result in ipairs(results) do
    if result.reason == "exit status lost" then
      attempt.told(result.reason)
    end
  end
  assert(ok)
end
