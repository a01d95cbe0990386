-- Whichever of two children ends first.
local attempt = require("faults.attempt")

return function(pipe)
  local slow = attempt.call(pipe.spawn, { "/bin/cat" })
  local quick = attempt.call(pipe.spawn, { "/bin/sh", "-c", "read line; exit 4" })
  attempt.write(quick, "\n")
  local status
  attempt.call(function()
    local proc, ok, reason, number = pipe.wait_any({ slow, quick }, 10000)
    if ok == nil then
      return nil, reason, number
    end
    assert(proc == quick)
    status = number
    return true
  end)
  assert(status == 4)
  slow:close()
end
