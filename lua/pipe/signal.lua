-- Signals of the host: waiting for them, handlers that run in light threads, and sending them. The names and kill() are
-- lua-resty-signal's.

local C = require("pipe.clib")
local caught = require("pipe.caught")
local kill = require("pipe.kill")
local number = require("pipe.number")
local options = require("pipe.options")
local scheduler = require("pipe.scheduler")
local signame = require("pipe.signame")
local signum = require("pipe.signum")
local status = require("pipe.status")
local timer = require("pipe.timer")

local NONE = 0 -- what kill(2) takes for a question
local LARGEST_PID = 2 ^ 31 - 1

local signal = {}

---A handler of signal.on().
---@class pipe.SignalHandler
---@field package fn fun(name: string)
---@field package signal pipe.CaughtSignal?
---@field package pending number arrivals that `fn` has not been called for
---@field package running boolean
local Handler = {}
Handler.__index = Handler

---The number of a signal.
---@param sig string|integer "TERM", "SIGTERM", "RTMIN+1", "NONE"; a number passes
---@return integer? number
---@return string? err "unknown signal name"
function signal.signum(sig)
  local found = type(sig) == "number" and sig or sig == "NONE" and NONE or signum[sig]
  if found then
    return found
  end
  return nil, "unknown signal name"
end

---The short name of a signal, "TERM".
---@param num integer
---@return string? name
---@return string? err "unknown signal number"
function signal.signame(num)
  local name = num == NONE and "NONE" or signame[num]
  if name then
    return name
  end
  return nil, "unknown signal number"
end

---Sends a signal to a process, as kill(2): to a group if `pid` is negative. Never yields.
---@param pid integer
---@param sig string|integer a name or a number; "NONE" or 0 asks whether the process exists
---@return boolean? ok
---@return string? err "unknown signal name", or a system error's text
---@return string? code the errno's name
function signal.kill(pid, sig)
  if not number.whole(pid, -LARGEST_PID, LARGEST_PID) then
    error("bad pid arg: whole number expected, got " .. tostring(pid), 2)
  elseif type(sig) ~= "number" and type(sig) ~= "string" then
    error("bad signal arg: name or number expected, got " .. type(sig), 2)
  end
  local num, err = signal.signum(sig)
  if not num then
    return nil, err
  end
  local code = C.pipe_signal_send(pid, (kill.number(num)))
  if code ~= C.PIPE_OK then
    return nil, status.describe(code)
  end
  return true
end

-- The number of a signal that can be caught; or nil, what is wrong with it, and whether that says all.
local function catchable(sig)
  local num = type(sig) == "string" and signum[sig] or number.whole(sig, 1, 2 ^ 31 - 1)
  if type(sig) ~= "string" and type(sig) ~= "number" then
    return nil, "signal name expected, got " .. type(sig)
  elseif not num or num > #signame and not signame[num] and C.pipe_signal_catchable(num) == 0 then
    return nil, ("unknown signal %s '%s'"):format(type(sig) == "string" and "name" or "number", tostring(sig))
  elseif C.pipe_signal_catchable(num) == 0 then
    return nil, "cannot catch SIG" .. (signame[num] or num), true
  end
  return num
end

-- The numbers, each once.
local function read_names(names)
  if type(names) == "string" or type(names) == "number" then
    names = { names }
  elseif type(names) ~= "table" then
    return nil, "bad names arg: string or table expected, got " .. type(names)
  elseif names[1] == nil then
    return nil, "bad names arg: non-empty table expected"
  end
  local numbers, listed, index = {}, {}, 1
  while names[index] ~= nil do
    local num, problem, says_all = catchable(names[index])
    if not num then
      return nil, says_all and problem or ("bad value at index %d of names arg: %s"):format(index, problem)
    elseif not listed[num] then
      listed[num] = true
      numbers[#numbers + 1] = num
    end
    index = index + 1
  end
  return numbers
end

local function forget(waiter)
  timer.stop(waiter)
  waiter.aborted, waiter.cancel = nil, nil
end

local function cancel(waiter)
  caught.withdraw(waiter)
  forget(waiter)
end

local function wait_for(waiter, signals)
  waiter.cancel = cancel
  caught.await(waiter, signals)
  scheduler.park(waiter)
  local name, aborted = caught.take(waiter), waiter.aborted
  forget(waiter)
  if name then
    return name
  end
  return nil, aborted and "aborted" or "timeout"
end

---Waits for the first of some signals. From the first call on they stay caught until signal.reset(), and one that comes
---while nobody waits is remembered for the next wait, once. **Yields** unless one is remembered.
---@param names string|string[] numbers are taken too
---@param timeout_ms number? 0 or nil: it never times out
---@return string? name the short one, "TERM"
---@return string? err "timeout", "aborted" (by signal.reset()), or a system error's text
---@return string? code the errno's name
function signal.wait(names, timeout_ms)
  local numbers, problem = read_names(names)
  local timeout = options.timeout(timeout_ms == nil and 0 or timeout_ms)
  if not numbers or not timeout then
    error(problem or "bad timeout arg", 2)
  end
  local waiter, refusal = scheduler.waiter()
  local there = caught.remembered(numbers)
  if not there and not waiter then
    error(refusal, 2)
  end
  local signals, message, code = caught.keep(numbers)
  if not signals then
    return nil, message, code
  elseif there then
    return caught.recall(there)
  end
  if timeout > 0 then
    local started
    started, message, code = timer.start(waiter, timeout / 1000)
    if not started then
      return nil, message, code
    end
  end
  return wait_for(waiter, signals)
end

---Ends what signal.wait() began: what the host had there before is put back, unless a handler is left, and what was
---remembered is forgotten. Who waits for one of them gets `nil, "aborted"`. Never yields.
---@param names string|string[]
---@return true
function signal.reset(names)
  local numbers, problem = read_names(names)
  if not numbers then
    error(problem, 2)
  end
  caught.forget(numbers)
  return true
end

-- One light thread runs `fn` for what has come, and ends: a handler must not keep the loop running. If `fn` ends it, by
-- an error or because somebody kills it, another one goes on.
local function run(handler)
  handler.running = true
  local task = scheduler.spawn_later(function()
    while handler.pending > 0 do
      handler.pending = handler.pending - 1
      handler.fn(handler.name)
    end
  end)
  task.on_end = function()
    handler.running = false
    if handler.pending > 0 then
      run(handler)
    end
  end
end

---@package
function Handler:arrive(count)
  self.pending = self.pending + count
  if not self.running then
    run(self)
  end
end

---@package
function Handler:abandon()
  self.signal, self.pending = nil, 0
end

---Runs `fn(name)` for each arrival of a signal, one after the other, in a light thread that ends when there is no more.
---`fn` may wait. Never yields.
---@param name string a number is taken too
---@param fn fun(name: string)
---@return pipe.SignalHandler? handle
---@return string? message
---@return string? code the errno's name
function signal.on(name, fn)
  local num, problem, says_all = catchable(name)
  if not num then
    error(says_all and problem or "bad name arg: " .. problem, 2)
  elseif type(fn) ~= "function" then
    error("bad fn arg: function expected, got " .. type(fn), 2)
  end
  local handler = setmetatable({ fn = fn, name = signame[num], pending = 0, running = false }, Handler)
  local added, message, code = caught.add(num, handler)
  if not added then
    return nil, message, code
  end
  handler.signal = added
  return handler
end

---Stops calling `fn`; if it runs it goes on to its end. What the host had there before is put back, unless others want
---the signal. Never yields.
---@return true
function Handler:stop()
  if getmetatable(self) ~= Handler then
    error("not a signal handler instance", 2)
  end
  if self.signal then
    caught.remove(self.signal, self)
    self:abandon()
  end
  return true
end

return signal
