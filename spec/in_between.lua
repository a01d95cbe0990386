--- The moment between the try of an operation that has to wait and its start, when the scheduler is asked who waits:
-- for what may happen just there.
local scheduler = require "pipe.scheduler"

local waiter = scheduler.waiter

local in_between = {}

--- Has `action` run once, in the next such moment.
function in_between.run(action)
  scheduler.waiter = function(...)
    scheduler.waiter = waiter
    action()
    return waiter(...)
  end
end

--- For `after_each`: forgets what has not been run.
function in_between.forget()
  scheduler.waiter = waiter
end

return in_between
