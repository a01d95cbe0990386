--- Runs the loop until a process has exited, whether or not it has been reaped since.
local eventually = require "spec.eventually"
local state = require "spec.state"

return function(pid)
  return eventually(function()
    local letter = state(pid)
    return letter == nil or letter == "Z"
  end)
end
