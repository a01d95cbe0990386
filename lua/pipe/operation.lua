-- Waiting for a process: a read, a write or an exit that the core could not finish at once.

local C = require("pipe.clib")
local engine = require("pipe.engine")
local scheduler = require("pipe.scheduler")

local operation = {}

-- `cancel` is there only while what it looks at is: a debug hook may throw in between.
local function forget(waiter)
  waiter.cancel = nil
  waiter.process, waiter.channel, waiter.anchor = nil, nil, nil
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
  waiter.process, waiter.channel, waiter.anchor = process, channel, anchor
  waiter.cancel = cancel
end

---Who would wait for what a try has just answered PIPE_AGAIN for. A light thread holds it while that is asked: asking
---is not compiled, and a debug hook that was due in a trace, as the interpreter's for SIGINT, throws there.
---@param process pipe.Process
---@param channel integer
---@return table? waiter nil where nobody can wait: the channel has been given back
---@return string? refusal why not
function operation.waiter(process, channel)
  local task = scheduler.current
  -- (A hook may have thrown behind the end of its last wait here: what it holds still is this channel.)
  if task and (not task.cancel or task.process == process and task.channel == channel) then
    operation.hold(task, process, channel)
    local waiter, refusal = scheduler.waiter(true)
    if not waiter then
      cancel(task)
    end
    return waiter, refusal
  end
  -- No light thread; or a finalizer in one, which must not touch what that one holds.
  local asked, waiter, refusal = pcall(scheduler.waiter)
  if not (asked and waiter) then
    C.pipe_cancel(process.handle, channel)
  end
  if not asked then
    error(waiter, 0)
  end
  return waiter, refusal
end

---Withdraws from the wait that a debug hook has thrown out of, if the running light thread has one left: that may be
---why a try has answered PIPE_BUSY.
---@return boolean whether there was one
function operation.gave_way()
  local task = scheduler.current
  return task ~= nil and task.cancel ~= nil and scheduler.waiter() ~= nil
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
---@param waiter table from operation.waiter()
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
