-- A run whose time is over: its tree is ended.
local attempt = require("faults.attempt")

return function(pipe)
  local res = attempt.call(pipe.run, { "/bin/sh", "-c", "sleep 20 & sleep 20; :" }, { timeout = 20, grace = 100 })
  assert(res.timed_out or attempt.told("not in time"))
  assert(not res.ok)
end
