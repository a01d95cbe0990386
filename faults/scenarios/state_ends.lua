-- The Lua state ends, and its loop with it, while a child lives and another one has ended.
local attempt = require("faults.attempt")

return function(pipe)
  local living = attempt.call(pipe.spawn, { "/bin/cat" })
  local ended = attempt.call(pipe.spawn, { "/bin/true" })
  attempt.method(ended, "stdout_read_all")
  assert(living and ended)
  os.exit(0, true)
end
