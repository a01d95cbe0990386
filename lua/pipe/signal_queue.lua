-- What has come for one handler, and the light thread that calls its function for it. There is one only while there is
-- work: a handler must not keep the loop running.

local scheduler = require("pipe.scheduler")

---@class pipe.SignalQueue
---@field fn fun(name: string)? nil once it is closed
---@field name string
---@field pending number how often `fn` has still to be called
---@field served boolean? a light thread is at it
local Queue = {}
Queue.__index = Queue

local signal_queue = {}

---@param name string
---@param fn fun(name: string)
---@return pipe.SignalQueue
function signal_queue.new(name, fn)
  return setmetatable({ name = name, fn = fn, pending = 0 }, Queue)
end

local function serve(self)
  self.served = true
  local task = scheduler.spawn_later(function()
    while self.pending > 0 do
      self.pending = self.pending - 1
      self.fn(self.name)
    end
  end)
  task.on_end = function() -- also by an error of `fn`, or because somebody has killed it
    self.served = false
    if self.pending > 0 then
      serve(self)
    end
  end
end

---The signal has come `count` times more. Resumes nobody.
---@param count integer
function Queue:arrive(count)
  if self.fn then
    self.pending = self.pending + count
    if not self.served then
      serve(self)
    end
  end
end

---Forgets what has come, and takes no more. A call that is under way goes on.
function Queue:close()
  self.fn, self.pending = nil, 0
end

return signal_queue
