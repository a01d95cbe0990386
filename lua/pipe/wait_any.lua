-- Waiting for whichever of several children exits first: the wait() of each of them, at the same time.

local C = require("pipe.clib")
local exit = require("pipe.exit")
local operation = require("pipe.operation")
local options = require("pipe.options")
local process = require("pipe.process")
local scheduler = require("pipe.scheduler")
local status = require("pipe.status")

local AGAIN, EXITED = C.PIPE_AGAIN, C.PIPE_EXITED

local function problem_with(procs)
  if type(procs) ~= "table" then
    return "bad procs arg: table expected, got " .. type(procs)
  elseif procs[1] == nil then
    return "bad procs arg: non-empty table expected"
  end
  local i = 1
  while procs[i] ~= nil do
    if not process.is(procs[i]) then
      return ("bad value at index %d of procs arg: process expected, got %s"):format(i, type(procs[i]))
    end
    i = i + 1
  end
end

-- All that are held still.
local function cancel(waiter)
  for _, sub in ipairs(waiter.exits) do
    if sub.cancel then
      sub.cancel(sub)
    end
  end
  waiter.exits, waiter.cancel = nil, nil
end

-- Tries the wait of each. Where nobody can wait, `group` is a stand-in for who would.
local function hold_all(group, procs)
  local held = {}
  group.exits = {}
  group.cancel = cancel
  for _, proc in ipairs(procs) do
    local code = held[proc] and EXITED or C.pipe_wait(proc.handle, exit.status)
    if code == AGAIN then
      held[proc] = true
      local sub = {}
      operation.hold(sub, proc, C.PIPE_EXIT)
      table.insert(group.exits, sub)
    elseif code ~= EXITED then
      local ok, reason, number = exit.tell(code)
      cancel(group)
      return true, proc, ok, reason, number
    end
  end
end

local function start_all(waiter, timeout)
  for _, sub in ipairs(waiter.exits) do
    local proc = sub.process
    sub.parent = waiter
    local failure = operation.start(sub, timeout)
    if failure then
      return failure, proc
    end
  end
end

-- The first in the list of those that have ended, but for timeouts.
local function take_first(waiter)
  for _, sub in ipairs(waiter.exits) do
    if sub.ended then
      local proc, code = sub.process, C.pipe_wait_result(sub.process.handle, exit.status)
      operation.fetched(sub)
      if code ~= C.PIPE_TIMEOUT then
        return proc, exit.tell(code)
      end
    end
  end
  return nil, "timeout"
end

local function take_and_cancel(waiter, ...)
  cancel(waiter)
  return ...
end

---Waits for the first of some children to exit: for that one it is its wait(). **Yields** while all of them live. Of
---several that have exited the first in the list is told; one that has been waited for is skipped.
---@param procs pipe.Process[]
---@param timeout_ms number? 0 or nil: it never times out
---@return pipe.Process? proc nil when there is none
---@return boolean|string|nil ok as from its wait(); or why there is none: "timeout", "exited" (all waited for)
---@return string? reason
---@return integer|string|nil status
local function wait_any(procs, timeout_ms)
  local problem = problem_with(procs)
  local timeout = options.timeout(timeout_ms == nil and 0 or timeout_ms)
  if problem or not timeout then
    error(problem or "bad timeout arg", 2)
  end
  local waiter, refusal = scheduler.waiter()
  local group = waiter or {}
  local told, proc, ok, reason, number = hold_all(group, procs)
  if told then
    return proc, ok, reason, number
  elseif #group.exits == 0 then
    cancel(group)
    return nil, "exited"
  elseif not waiter then
    cancel(group)
    error(refusal, 2)
  end
  local failure, culprit = start_all(waiter, timeout)
  if failure then
    cancel(waiter)
    return culprit, nil, status.describe(failure)
  end
  scheduler.park(waiter)
  return take_and_cancel(waiter, take_first(waiter))
end

return wait_any
