-- Waiting for a process: a read, a write or an exit that the core could not finish at once.

local C = require("pipe.clib")
local engine = require("pipe.engine")
local scheduler = require("pipe.scheduler")

local operation = {}

local function forget(waiter)
  waiter.cancel, waiter.process, waiter.channel, waiter.anchor = nil, nil, nil, nil
end

local function cancel(waiter)
  C.pipe_cancel(waiter.process.handle, waiter.channel)
  engine.release_token(waiter)
  forget(waiter)
end

---Arms the operation whose try has just answered PIPE_AGAIN, and waits until it has ended.
---@param waiter table from scheduler.waiter()
---@param process pipe.Process
---@param channel integer
---@param anchor any what the core reads meanwhile; `waiter.anchor` keeps it until operation.fetched()
---@return integer? failure a negative errno: nothing is armed
function operation.wait(waiter, process, channel, anchor)
  local token = engine.take_token(waiter)
  local code = C.pipe_start(process.handle, channel, process.timeouts[channel], token)
  if code ~= C.PIPE_OK then
    engine.release_token(waiter)
    return code
  end
  waiter.process, waiter.channel, waiter.anchor, waiter.cancel = process, channel, anchor, cancel
  scheduler.park(waiter)
end

---To be called when the result has been taken from the core.
---@param waiter table
operation.fetched = forget

return operation
