-- Children that are joined, with one stderr for all: a pipe, or a file.
local attempt = require("faults.attempt")

local function wait(line)
  local ok, results = attempt.method(line, "wait")
  for _, result in ipairs(results) do
    if result.reason == "exit status lost" then
      attempt.told(result.reason)
    end
  end
  assert(ok)
end

return function(pipe)
  local line = attempt.call(pipe.pipeline, { { "/bin/cat" }, { "/usr/bin/tr", "a-z", "A-Z" }, { "/bin/cat" } },
    { stderr = "pipe" })
  attempt.write(line, "text\n")
  attempt.method(line, "shutdown", "stdin")
  assert(attempt.method(line, "stdout_read_line") == "TEXT")
  wait(line)
  line = attempt.call(pipe.pipeline, { { "/bin/sh", "-c", "echo text >&2" } }, { stderr = { file = "/dev/null" } })
  wait(line)
end
