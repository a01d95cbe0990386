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

---Makes `waiter` the one whose try has just answered PIPE_AGAIN: `waiter.cancel` gives the channel back.
---@param waiter table
---@param process pipe.Process
---@param channel integer
---@param anchor any what the core reads meanwhile; `waiter.anchor` keeps it until operation.fetched()
function operation.hold(waiter, process, channel, anchor)
  waiter.process, waiter.channel, waiter.anchor, waiter.cancel = process, channel, anchor, cancel
end

---Arms the operation that `waiter` holds.
---@param waiter table
---@param timeout number ms; 0 never times out
---@return integer? failure a negative errno: nothing is armed or held
function operation.start(waiter, timeout)
  local code = C.pipe_start(waiter.process.handle, waiter.channel, timeout, engine.take_token(waiter))
  if code ~= C.PIPE_OK then
    engine.release_token(waiter)
    forget(waiter)
    return code
  end
end

---Arms the operation whose try has just answered PIPE_AGAIN, and waits until it has ended.
---@param waiter table from scheduler.waiter()
---@param process pipe.Process
---@param channel integer
---@param anchor any as for operation.hold()
---@return integer? failure a negative errno: nothing is armed
function operation.wait(waiter, process, channel, anchor)
  operation.hold(waiter, process, channel, anchor)
  local failure = operation.start(waiter, process.timeouts[channel])
  if not failure then
    scheduler.park(waiter)
  end
  return failure
end

---To be called when the result has been taken from the core.
---@param waiter table
operation.fetched = forget

return operation
