-- The Lua state ends, and its loop with it, while a child lives, another one has ended, and a signal is caught.
local attempt = require("faults.attempt")

return function(pipe)
  local living = attempt.call(pipe.spawn, { "/bin/cat" })
  local ended = attempt.call(pipe.spawn, { "/bin/true" })
  attempt.read_all(ended)
  assert(living and ended)
  attempt.call(pipe.signal.on, "CHLD", function() end)
  os.exit(0, true)
end
