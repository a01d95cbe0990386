-- What cannot be started, for reasons that come before the clone and after it.
local attempt = require("faults.attempt")

return function(pipe)
  attempt.refused("ENOENT", pipe.spawn, { "/no/such/program" })
  attempt.refused("ENOENT", pipe.spawn, { "/bin/true" }, { cwd = "/no/such/directory" })
  attempt.refused("EBADF", pipe.spawn, { "/bin/true" }, { stdin = 1000 })
  assert(attempt.method(attempt.call(pipe.spawn, { "/bin/true" }), "wait"))
end
