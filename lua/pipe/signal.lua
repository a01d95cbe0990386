-- Signals of the host: waiting for them, handlers that run in light threads, and sending them. The names and kill() are
-- lua-resty-signal's.

local C = require("pipe.clib")
local caught = require("pipe.caught")
local kill = require("pipe.kill")
local number = require("pipe.number")
local options = require("pipe.options")
local scheduler = require("pipe.scheduler")
local signal_queue = require("pipe.signal_queue")
local signame = require("pipe.signame")
local signum = require("pipe.signum")
local status = require("pipe.status")
local timer = require("pipe.timer")

local NONE = 0 -- kill(2) takes it for a question
local LARGEST_PID = 2 ^ 31 - 1

---@class pipe.SignalHandler
---@field package number integer
---@field package queue pipe.SignalQueue
local Handler = {}
Handler.__index = Handler

---@class pipe.signal
local signal = {}

---The number of a signal.
---@param sig string|integer "TERM", "SIGTERM", "RTMIN+1", "NONE"; a number passes
---@return integer? num
---@return string? err "unknown signal name"
function signal.signum(sig)
  local num = type(sig) == "number" and sig or sig == "NONE" and NONE or signum[sig]
  if num then
    return num
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

---Sends a signal, as kill(2): a negative `pid` is a process group's, 0 the host's own group, -1 is everybody. Never
---yields.
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

-- The number of a signal that can be caught; or nil, and what is wrong with it as a value of the argument `arg`.
local function catchable(sig, arg)
  local num
  if type(sig) == "string" then
    num = signum[sig]
  elseif type(sig) == "number" then
    num = number.whole(sig, 1, 64)
  else
    return nil, ("bad %s: signal name expected, got %s"):format(arg, type(sig))
  end
  if not num then
    return nil, ("bad %s: unknown signal %s"):format(arg, tostring(sig))
  elseif C.pipe_signal_catchable(num) == 0 then
    return nil, "cannot catch " .. (signame[num] and "SIG" .. signame[num] or "signal " .. num)
  end
  return num
end

-- Their numbers, each once; or nil and the problem.
local function catchable_ones(names)
  if type(names) == "string" or type(names) == "number" then
    local num, problem = catchable(names, "names arg")
    return num and { num }, problem
  elseif type(names) ~= "table" then
    return nil, "bad names arg: string or table expected, got " .. type(names)
  elseif names[1] == nil then
    return nil, "bad names arg: non-empty table expected"
  end
  local numbers, listed, index = {}, {}, 1
  while names[index] ~= nil do
    local num, problem = catchable(names[index], ("value at index %d of names arg"):format(index))
    if not num then
      return nil, problem
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
  caught.give_back(waiter)
  forget(waiter)
end

local function wait_for(waiter, signals, timeout)
  if timeout > 0 then
    waiter.cancel = timer.stop -- first: a debug hook may throw behind the start
    local started, message, code = timer.start(waiter, timeout / 1000)
    if not started then
      waiter.cancel = nil
      return nil, message, code
    end
  end
  waiter.cancel = cancel
  caught.await(waiter, signals)
  scheduler.park(waiter)
  -- The timer may have gone off first: what has come until our turn counts all the same.
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
  local numbers, problem = catchable_ones(names)
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
  return wait_for(waiter, signals, timeout)
end

---Ends what signal.wait() has begun: unless a handler is left, what the host had there before is put back. What is
---remembered is forgotten, and who waits for one of them gets `nil, "aborted"`. Never yields.
---@param names string|string[] numbers are taken too
---@return true
function signal.reset(names)
  local numbers, problem = catchable_ones(names)
  if not numbers then
    error(problem, 2)
  end
  caught.forget(numbers)
  return true
end

---Calls `fn(name)` for each arrival of a signal, one after the other, in a light thread that ends when there is no
---more. `fn` may wait. Never yields.
---@param name string a number is taken too
---@param fn fun(name: string)
---@return pipe.SignalHandler? handle
---@return string? message
---@return string? code the errno's name
function signal.on(name, fn)
  local num, problem = catchable(name, "name arg")
  if not num or type(fn) ~= "function" then
    error(problem or "bad fn arg: function expected, got " .. type(fn), 2)
  end
  local queue = signal_queue.new(signame[num], fn)
  local added, message, code = caught.add(num, queue)
  if not added then
    return nil, message, code
  end
  return setmetatable({ number = num, queue = queue }, Handler)
end

---Calls the function no more, also not for what has come already; a call that is under way goes on. Unless others want
---the signal, what the host had there before is put back. Never yields.
---@return true
function Handler:stop()
  if getmetatable(self) ~= Handler then
    error("not a signal handler instance", 2)
  end
  caught.remove(self.number, self.queue)
  self.queue:close()
  return true
end

return signal
