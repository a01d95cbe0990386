-- A child in a session of its own, whose handle is dropped; it ends by itself.
local attempt = require("faults.attempt")

return function(pipe)
  attempt.call(pipe.spawn, { "/bin/cat" }, { detached = true, stdout = "null", stderr = "null" })
end
