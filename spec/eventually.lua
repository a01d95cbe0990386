--- Runs the loop until the condition holds: for events that nothing else tells, such as the reaping of a process
-- whose handle is gone. The number of turns is the bound of a failing spec, not a delay.
local pipe = require "pipe"

return function(condition)
  for _ = 1, 2000 do
    local result = condition()
    if result then
      return result
    end
    pipe.sleep(0.005)
  end
  return condition()
end
