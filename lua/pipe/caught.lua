-- The signals that are caught, and who wants to hear of them. Arrivals are pulled out of the core, and each goes to
-- every handler of its name and to everybody who waits for it; where nobody waits, it is remembered.

local ffi = require("ffi")
local C = require("pipe.clib")
local engine = require("pipe.engine")
local scheduler = require("pipe.scheduler")
local signame = require("pipe.signame")
local status = require("pipe.status")

local caught = {}

---@class pipe.CaughtSignal
---@field number integer
---@field name string
---@field handlers pipe.SignalHandler[]
---@field waiters table[]
---@field kept boolean? by wait(), until reset()
---@field remembered integer? came when nobody waited: a number that tells which came first

local signals = {}      -- number → pipe.CaughtSignal
local listening = 0     -- how many handlers and waiters there are
local times = ffi.new("uint32_t[1]")
local memories = 0

-- Holds the core's one token for signals while somebody listens. No light thread: a handler that nothing comes for must
-- not keep the loop running.
local dispatcher = {}

local function listen(loop)
  if listening > 0 and not dispatcher.token then
    C.pipe_signal_start(loop, engine.take_token(dispatcher))
  end
end

local function stop_listening()
  local loop = listening == 0 and dispatcher.token and engine.opened()
  if loop then
    C.pipe_signal_cancel(loop)
    engine.release_token(dispatcher)
  end
end

local function remove(list, entry)
  for index, each in ipairs(list) do
    if each == entry then
      table.remove(list, index)
      return true
    end
  end
end

-- Catches a signal that was not caught.
local function catch(number)
  local loop, message, code = engine.open()
  if not loop then
    return nil, message, code
  end
  local result = C.pipe_signal_watch(loop, number)
  if result ~= C.PIPE_OK then
    return nil, status.describe(result)
  end
  local signal = { number = number, name = signame[number], handlers = {}, waiters = {} }
  signals[number] = signal
  return signal
end

local function release_unused(signal)
  if signals[signal.number] == signal and not signal.kept and #signal.handlers == 0 then
    signals[signal.number] = nil
    local loop = engine.opened()
    if loop then
      C.pipe_signal_unwatch(loop, signal.number)
    end
  end
end

local function remember(signal)
  memories = memories + 1
  signal.remembered = signal.remembered or memories
end

local function leave(waiter)
  for _, signal in ipairs(waiter.signals) do
    remove(signal.waiters, waiter)
  end
  waiter.signals = nil
  listening = listening - 1
end

-- Everybody who waits for it. They share the arrival: it is lost only if none of them comes to take it.
local function tell_waiters(signal)
  local waiters = signal.waiters
  local arrival = { signal = signal, untaken = #waiters }
  signal.waiters = {}
  for _, waiter in ipairs(waiters) do
    leave(waiter)
    waiter.arrival = arrival
    scheduler.wake(waiter)
  end
end

local function deliver(signal, count)
  for _, handler in ipairs(signal.handlers) do
    handler:arrive(count)
  end
  if #signal.waiters > 0 then
    tell_waiters(signal)
    count = count - 1
  end
  if count > 0 and signal.kept then
    remember(signal)
  end
end

---Hands out what has come until now. To be called before anybody comes or goes, so that he gets what is his.
function caught.collect()
  local loop = engine.opened()
  local number = loop and C.pipe_signal_next(loop, times) or 0
  while number ~= 0 do
    deliver(signals[number], times[0])
    number = C.pipe_signal_next(loop, times)
  end
end

function dispatcher.on_wake()
  dispatcher.ended = nil
  caught.collect()
  local loop = engine.opened()
  if loop then
    listen(loop)
  end
end

---Adds a handler: from now on its `arrive` is called, inside a turn of the loop, with how many have come.
---@param number integer
---@param handler pipe.SignalHandler
---@return pipe.CaughtSignal? signal
---@return string? message
---@return string? code the errno's name
function caught.add(number, handler)
  caught.collect()
  local signal, message, code = signals[number], nil, nil
  if not signal then
    signal, message, code = catch(number)
    if not signal then
      return nil, message, code
    end
  end
  table.insert(signal.handlers, handler)
  listening = listening + 1
  listen(engine.open())
  return signal
end

---@param signal pipe.CaughtSignal
---@param handler pipe.SignalHandler
function caught.remove(signal, handler)
  caught.collect()
  if remove(signal.handlers, handler) then
    listening = listening - 1
    stop_listening()
    release_unused(signal)
  end
end

-- Each once, in the order of the list.
local function known(numbers)
  local list = {}
  for _, number in ipairs(numbers) do
    list[#list + 1] = signals[number]
  end
  return list
end

---The one of these signals that has been remembered longest, if any has.
---@param numbers integer[]
---@return pipe.CaughtSignal? signal
function caught.remembered(numbers)
  caught.collect()
  local first
  for _, signal in ipairs(known(numbers)) do
    if signal.remembered and not (first and first.remembered < signal.remembered) then
      first = signal
    end
  end
  return first
end

---Catches signals until caught.forget(), and remembers what comes while nobody waits. All of them or, on failure, none.
---@param numbers integer[]
---@return pipe.CaughtSignal[]? signals
---@return string? message
---@return string? code the errno's name
function caught.keep(numbers)
  local new = {}
  for _, number in ipairs(numbers) do
    local signal, message, code = signals[number], nil, nil
    if not signal then
      signal, message, code = catch(number)
    end
    if not signal then
      for _, each in ipairs(new) do
        each.kept = nil
        release_unused(each)
      end
      return nil, message, code
    elseif not signal.kept then
      signal.kept = true
      new[#new + 1] = signal
    end
  end
  return known(numbers)
end

---Takes a remembered signal.
---@param signal pipe.CaughtSignal
---@return string name
function caught.recall(signal)
  signal.remembered = nil
  return signal.name
end

---Ends what keep() began. Who waits for one of them is woken, and finds no arrival.
---@param numbers integer[]
function caught.forget(numbers)
  caught.collect()
  for _, signal in ipairs(known(numbers)) do
    signal.kept, signal.remembered = nil, nil
    local waiters = signal.waiters
    signal.waiters = {}
    for _, waiter in ipairs(waiters) do
      leave(waiter)
      waiter.aborted = true
      scheduler.wake(waiter)
    end
    stop_listening()
    release_unused(signal)
  end
end

---Queues a waiter up for kept signals: it is woken by the first that comes.
---@param waiter table
---@param list pipe.CaughtSignal[]
function caught.await(waiter, list)
  waiter.signals = list
  for _, signal in ipairs(list) do
    table.insert(signal.waiters, waiter)
  end
  listening = listening + 1
  listen(engine.open())
end

---Takes what has come for `waiter`; it waits no more.
---@param waiter table
---@return string? name
function caught.take(waiter)
  local arrival = waiter.arrival
  if waiter.signals then
    leave(waiter)
  end
  stop_listening()
  waiter.arrival = nil
  if arrival then
    arrival.taken = true
    return arrival.signal.name
  end
end

---Withdraws a waiter. What it was handed and has not taken is the next one's, unless somebody else got it too.
---@param waiter table
function caught.withdraw(waiter)
  local arrival = waiter.arrival
  if waiter.signals then
    leave(waiter)
  end
  stop_listening()
  waiter.arrival = nil
  if arrival then
    arrival.untaken = arrival.untaken - 1
    local signal = arrival.signal
    if arrival.untaken == 0 and not arrival.taken and signal.kept then
      if #signal.waiters > 0 then
        tell_waiters(signal)
      else
        remember(signal)
      end
    end
  end
end

-- In a forked copy of the host each signal does what it did before it was caught, and nothing that is known here holds.
local on_fork = engine.on_fork
function engine.on_fork(orphans)
  local inherited = signals
  signals, listening = {}, 0
  for _, signal in pairs(inherited) do
    for _, handler in ipairs(signal.handlers) do
      handler:abandon()
    end
    for _, waiter in ipairs(signal.waiters) do
      waiter.signals, waiter.aborted = nil, true
      orphans[#orphans + 1] = waiter
    end
    signal.handlers, signal.waiters, signal.kept = {}, {}, nil
  end
  on_fork(orphans)
end

return caught
