-- Counting semaphores, as ngx.semaphore has them. Who waits is served in the order of arrival, and a resource is handed
-- over when it is posted, so that nobody can snatch it from a thread that was woken for it.

local scheduler = require("pipe.scheduler")
local timer = require("pipe.timer")

---@class pipe.Semaphore
---@field package resources number how many are free
---@field package waiting number how many threads wait
---@field package first number the oldest waiter's place in `queue`, or a place before it that is empty by now
---@field package last number the youngest one's
---@field package queue table<number, table>
local Semaphore = {}
Semaphore.__index = Semaphore

local semaphore = {}

local function leave(self, waiter)
  if self.queue[waiter.place] then -- a debug hook may have thrown after the first time
    self.queue[waiter.place] = nil
    self.waiting = self.waiting - 1
  end
end

local function hand_over(self)
  if self.waiting == 0 then
    self.resources = self.resources + 1
    return
  end
  local queue = self.queue
  while not queue[self.first] do -- left again
    self.first = self.first + 1
  end
  local waiter = queue[self.first]
  leave(self, waiter)
  waiter.granted = true
  scheduler.wake(waiter)
end

local function forget(waiter)
  timer.stop(waiter)
  waiter.semaphore, waiter.place, waiter.granted, waiter.cancel = nil, nil, nil, nil
end

local function cancel(waiter)
  local self, granted = waiter.semaphore, waiter.granted
  if not granted then
    leave(self, waiter)
  end
  forget(waiter)
  if granted then -- killed before its turn: the resource is the next one's
    hand_over(self)
  end
end

local function queue_up(self, waiter)
  self.last = self.last + 1
  self.queue[self.last] = waiter
  self.waiting = self.waiting + 1
  waiter.semaphore, waiter.place = self, self.last
  waiter.cancel = cancel
  scheduler.park(waiter)
  -- The timer may have gone off first: what was posted until our turn counts all the same.
  local granted = waiter.granted
  if not granted then
    leave(self, waiter)
  end
  forget(waiter)
  if granted then
    return true
  end
  return nil, "timeout"
end

-- Numeric strings are taken, as ngx.semaphore does.
local function whole(value, default, least)
  local n = value == nil and default or tonumber(value)
  if n and n < least then
    return nil, "no negative number"
  elseif not n or n % 1 ~= 0 then
    return nil, "bad n arg: whole number expected, got " .. (type(value) == "number" and tostring(value) or type(value))
  end
  return n
end

---Makes a semaphore. Throws for anything but a whole number that is not negative.
---@param n integer? how many resources it begins with; 0 by default
---@return pipe.Semaphore
function semaphore.new(n)
  local resources, problem = whole(n, 0, 0)
  if not resources then
    error(problem, 2)
  end
  return setmetatable({ resources = resources, waiting = 0, first = 1, last = 0, queue = {} }, Semaphore)
end

---Gives back resources, and wakes as many waiters, in the order in which they came. Never yields.
---@param n integer? 1 by default
---@return true
function Semaphore:post(n)
  if getmetatable(self) ~= Semaphore then
    error("not a semaphore instance", 2)
  end
  local posted, problem = whole(n, 1, 1)
  if not posted then
    error(problem, 2)
  end
  local handed = math.min(posted, self.waiting)
  for _ = 1, handed do
    hand_over(self)
  end
  self.resources = self.resources + (posted - handed)
  return true
end

---Takes one resource. **Yields** while there is none and the timeout has not passed.
---@param timeout number? seconds; 0, the default, only tries; math.huge waits for ever
---@return boolean? ok
---@return string? err "timeout", or a system error's text
---@return string? code the errno's name
function Semaphore:wait(timeout)
  if getmetatable(self) ~= Semaphore then
    error("not a semaphore instance", 2)
  end
  local seconds = timeout == nil and 0 or tonumber(timeout)
  if not seconds or seconds ~= seconds then
    error("bad timeout arg: number expected, got " .. tostring(timeout), 2)
  elseif seconds < 0 then
    error("no negative number", 2)
  end
  if self.resources > 0 then
    self.resources = self.resources - 1
    return true
  elseif seconds == 0 then
    return nil, "timeout"
  end
  local waiter, refusal = scheduler.waiter()
  if not waiter then
    error(refusal, 2)
  end
  if seconds < math.huge then
    waiter.cancel = timer.stop -- first: a debug hook may throw behind the start
    local started, message, code = timer.start(waiter, seconds)
    if not started then
      waiter.cancel = nil
      return nil, message, code
    end
  end
  return queue_up(self, waiter)
end

---How many resources are free; negative: how many threads wait. Never yields.
---@return integer
function Semaphore:count()
  if getmetatable(self) ~= Semaphore then
    error("not a semaphore instance", 2)
  end
  return self.resources - self.waiting
end

return semaphore
