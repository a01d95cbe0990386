-- Time: pipe.sleep, and the timeouts of waits that are not about a process.

local C = require("pipe.clib")
local engine = require("pipe.engine")
local scheduler = require("pipe.scheduler")
local status = require("pipe.status")

local timer = {}

local LONGEST_MS = 1e15 -- thirty thousand years; more would not fit the core's clock

---Wakes `waiter` after `seconds`, unless timer.stop() comes first.
---@param waiter table
---@param seconds number
---@return boolean? started
---@return string? message
---@return string? code
function timer.start(waiter, seconds)
  local loop, message, code = engine.open()
  if not loop then
    return nil, message, code
  end
  local result = C.pipe_timer_start(loop, math.min(seconds * 1000, LONGEST_MS), engine.take_token(waiter))
  if result ~= C.PIPE_OK then
    engine.release_token(waiter)
    return nil, status.describe(result)
  end
  return true
end

---Stops the timer of `waiter`, unless it has woken it already.
---@param waiter table
function timer.stop(waiter)
  local loop = waiter.token and engine.opened()
  if loop then
    C.pipe_timer_stop(loop, waiter.token)
    engine.release_token(waiter)
  end
end

---Waits; other light threads go on meanwhile. **Yields**, also for 0 seconds.
---Throws for a negative number, NaN, or what is no number.
---@param seconds number fractions are fine
---@return nil
---@return string? message when the system has no room for a timer
---@return string? code the errno's name
function timer.sleep(seconds)
  if type(seconds) ~= "number" or seconds < 0 or seconds ~= seconds then
    error("bad seconds arg: non-negative number expected, got " .. tostring(seconds), 2)
  end
  local waiter, refusal = scheduler.waiter()
  if not waiter then
    error(refusal, 2)
  end
  waiter.cancel = timer.stop -- first: a debug hook may throw behind the start
  local started, message, code = timer.start(waiter, seconds)
  if not started then
    waiter.cancel = nil
    return nil, message, code
  end
  scheduler.park(waiter)
  waiter.cancel = nil
end

return timer
