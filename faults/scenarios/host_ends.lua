-- The host ends while its children live, and a signal is caught: they are killed, and reaped.
local attempt = require("faults.attempt")

return function(pipe)
  local first = attempt.call(pipe.spawn, { "/bin/cat" })
  local second = attempt.call(pipe.spawn, { "/bin/sh", "-c", "trap '' TERM; read line" }, { process_group = true })
  assert(first and second)
  attempt.call(pipe.signal.on, "CHLD", function() end)
  os.exit(0)
end
