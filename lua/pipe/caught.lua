-- The signals that are caught, and who wants to hear of them. Arrivals are pulled out of the core, and each goes to
-- every handler of its name and to everybody who waits for it; where nobody waits, it is remembered.

local ffi = require("ffi")
local C = require("pipe.clib")
local engine = require("pipe.engine")
local interpreted = require("pipe.interpreted")
local scheduler = require("pipe.scheduler")
local signame = require("pipe.signame")
local status = require("pipe.status")

local caught = {}

---@class pipe.CaughtSignal
---@field number integer
---@field name string
---@field queues table<integer, pipe.SignalQueue> of its handlers, by their places
---@field waiters table<integer, table> by theirs
---@field kept boolean? by keep(), until forget()
---@field remembered integer? it came when nobody waited: a number that tells which came first

local signals = {}   -- number → pipe.CaughtSignal
local listening = 0  -- how many queues and waiters there are
local places = 0     -- the last one that was given to one of them
local memories = 0   -- how many have been remembered
local times = ffi.new("uint32_t[1]")

-- Holds the core's one token for signals while somebody listens.
local dispatcher = {}

local function listen()
  local loop = listening > 0 and not dispatcher.token and engine.opened()
  if loop and C.pipe_signal_start(loop, engine.take_token(dispatcher)) ~= C.PIPE_OK then
    engine.release_token(dispatcher) -- cannot be; but a wait that nothing ends must be seen as a deadlock
  end
end

local function stop_listening()
  local loop = listening == 0 and dispatcher.token and engine.opened()
  if loop then
    C.pipe_signal_cancel(loop)
    engine.release_token(dispatcher)
  end
end

local function take_place(listener)
  places = places + 1
  listener.place = places
  listening = listening + 1
end

local function came_before(a, b)
  return a.place < b.place
end

-- In the order in which they came. A list of its own: a finalizer may come in while it is walked through.
local in_order = interpreted(function(listeners)
  local list = {}
  for _, listener in pairs(listeners) do
    list[#list + 1] = listener
  end
  table.sort(list, came_before)
  return list
end)

---@return pipe.CaughtSignal? signal
---@return string? message
---@return string? code
local function catch(number)
  if signals[number] then
    return signals[number]
  end
  local loop, message, code = engine.open()
  if not loop then
    return nil, message, code
  end
  -- Known before it is caught, and only now looked for: the allocation may run a finalizer, which hands out what has
  -- come, or catches the same signal.
  local signal = { number = number, name = signame[number], queues = {}, waiters = {} }
  if signals[number] then
    return signals[number]
  end
  signals[number] = signal
  local result = C.pipe_signal_watch(loop, number)
  if result ~= C.PIPE_OK then
    signals[number] = nil
    return nil, status.describe(result)
  end
  return signal
end

local function release_if_unused(signal)
  if signals[signal.number] == signal and not signal.kept and not next(signal.queues) then
    signals[signal.number] = nil
    C.pipe_signal_unwatch(engine.opened(), signal.number)
  end
end

local function remember(signal)
  memories = memories + 1
  signal.remembered = signal.remembered or memories
end

local function leave(waiter)
  for _, signal in ipairs(waiter.signals) do
    signal.waiters[waiter.place] = nil
  end
  waiter.signals = nil
  listening = listening - 1
end

-- Everybody who waits for it. They share the arrival: only if none of them comes to take it, it is somebody else's.
local function tell_waiters(signal)
  local arrival = { signal = signal, holders = 0 }
  for _, waiter in ipairs(in_order(signal.waiters)) do
    if waiter.signals then -- not killed by a finalizer
      leave(waiter)
      arrival.holders = arrival.holders + 1
      waiter.arrival = arrival
      scheduler.wake(waiter)
    end
  end
end

local function deliver(signal, count)
  for _, queue in ipairs(in_order(signal.queues)) do
    queue:arrive(count)
  end
  if next(signal.waiters) then
    tell_waiters(signal)
    count = count - 1
  end
  if count > 0 and signal.kept then
    remember(signal)
  end
end

-- Hands out what has come until now: also before anybody comes or goes, so that he gets what is his and no more.
local function collect()
  local loop = engine.opened()
  local number = loop and C.pipe_signal_next(loop, times) or 0
  while number ~= 0 do
    deliver(signals[number], times[0])
    number = C.pipe_signal_next(loop, times)
  end
end

function dispatcher.on_wake()
  dispatcher.ended = nil
  collect()
  listen()
end

---Catches a signal for a handler.
---@param number integer
---@param queue pipe.SignalQueue
---@return boolean? ok
---@return string? message
---@return string? code the errno's name
function caught.add(number, queue)
  collect()
  local signal, message, code = catch(number)
  if not signal then
    return nil, message, code
  end
  take_place(queue)
  signal.queues[queue.place] = queue
  listen()
  return true
end

---@param number integer
---@param queue pipe.SignalQueue
function caught.remove(number, queue)
  collect()
  local signal = signals[number]
  if signal and signal.queues[queue.place] == queue then -- not inherited from the host that this one is a copy of
    signal.queues[queue.place] = nil
    listening = listening - 1
    stop_listening()
    release_if_unused(signal)
  end
end

local function known(numbers)
  local list = {}
  for _, number in ipairs(numbers) do
    list[#list + 1] = signals[number]
  end
  return list
end

---Of these signals the one that has been remembered for the longest time.
---@param numbers integer[]
---@return pipe.CaughtSignal? signal
function caught.remembered(numbers)
  collect()
  local first
  for _, signal in ipairs(known(numbers)) do
    if signal.remembered and not (first and first.remembered < signal.remembered) then
      first = signal
    end
  end
  return first
end

---Takes a remembered signal.
---@param signal pipe.CaughtSignal
---@return string name
function caught.recall(signal)
  signal.remembered = nil
  return signal.name
end

---Catches signals until forget(), and remembers what comes while nobody waits. All of them, or on failure none.
---@param numbers integer[]
---@return pipe.CaughtSignal[]? signals
---@return string? message
---@return string? code the errno's name
function caught.keep(numbers)
  local new = {}
  for _, number in ipairs(numbers) do
    local signal, message, code = catch(number)
    if not signal then
      caught.forget(new)
      return nil, message, code
    elseif not signal.kept then
      signal.kept = true
      new[#new + 1] = number
    end
  end
  return known(numbers)
end

---Ends what keep() has begun. Who waits for one of them is woken, and has nothing to take.
---@param numbers integer[]
function caught.forget(numbers)
  collect()
  for _, signal in ipairs(known(numbers)) do
    for _, waiter in ipairs(in_order(signal.waiters)) do
      leave(waiter)
      waiter.aborted = true
      scheduler.wake(waiter)
    end
    signal.kept, signal.remembered = nil, nil
    stop_listening()
    release_if_unused(signal)
  end
end

---Lets `waiter` be woken by the first of these signals that comes.
---@param waiter table
---@param list pipe.CaughtSignal[] kept ones
function caught.await(waiter, list)
  take_place(waiter)
  waiter.signals = list
  for _, signal in ipairs(list) do
    signal.waiters[waiter.place] = waiter
  end
  listen()
end

-- What it was handed, if anything. It waits no more.
local function withdraw(waiter)
  if waiter.signals then
    leave(waiter)
  end
  stop_listening()
  local arrival = waiter.arrival
  waiter.arrival = nil
  return arrival
end

---Ends the wait of `waiter`.
---@param waiter table
---@return string? name of the signal that has come
function caught.take(waiter)
  local arrival = withdraw(waiter)
  if arrival then
    arrival.taken = true
    return arrival.signal.name
  end
end

---Ends the wait of `waiter` as if it had never been: what only it was handed is for whoever waits now, or next.
---@param waiter table
function caught.give_back(waiter)
  local arrival = withdraw(waiter)
  if not arrival then
    return
  end
  local signal = arrival.signal
  arrival.holders = arrival.holders - 1
  if arrival.holders == 0 and not arrival.taken and signal.kept then
    if next(signal.waiters) then
      tell_waiters(signal)
    else
      remember(signal)
    end
  end
end

-- In a forked copy of the host signals do what they did before they were caught. Nobody listens there, until somebody
-- comes anew.
local on_fork = engine.on_fork
function engine.on_fork(orphans)
  local inherited = signals
  signals, listening = {}, 0
  for _, signal in pairs(inherited) do
    for _, queue in pairs(signal.queues) do
      queue:close()
    end
    for _, waiter in pairs(signal.waiters) do
      waiter.signals, waiter.aborted = nil, true
      orphans[#orphans + 1] = waiter
    end
    signal.waiters, signal.kept = {}, nil
  end
  on_fork(orphans)
end

return caught
