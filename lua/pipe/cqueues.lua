-- pipe.cqueues: life inside a cqueues controller. One coroutine of the controller polls pipe.loop.fd(), and each one
-- that waits waits for a condition of its own.

local cqueues = require("cqueues")
local condition = require("cqueues.condition")
local foreign = require("pipe.foreign")
local scheduler = require("pipe.scheduler")

local function wait(waiter)
  waiter.condition = waiter.condition or condition.new()
  cqueues.poll(waiter.condition)
end

local function woken(waiter)
  if waiter.condition then
    waiter.condition:signal()
  end
end

local function refusal()
  return not cqueues.running() and "cannot wait outside a cqueues controller" or nil
end

local function start(controller, fd)
  local carrier = { wait = wait, woken = woken, refusal = refusal }
  local watch, idle = { pollfd = fd, events = "r" }, condition.new()
  local carrying = false

  -- While somebody waits: a controller goes on as long as it has a coroutine.
  local function carry()
    while carrier.busy do
      scheduler.step()
      if carrier.busy then
        cqueues.poll(watch, idle)
      end
    end
    carrying = false
  end

  function carrier.keep(busy)
    if not busy then
      idle:signal()
    elseif not carrying then
      carrying = true
      controller:wrap(carry)
    end
  end

  function carrier.close() end

  return carrier
end

local adapter = foreign.adapter("pipe.cqueues", start)

local M = {}

---From now on a call that waits lets the coroutine wait that it stands in, as cqueues.poll() does; outside a controller
---such a call throws. A second call is harmless; throws while another controller or adapter is attached. Never yields.
---@param controller userdata? a cqueues controller; by default the one that runs
---@return true? ok
---@return string? message when the system has no descriptors left
---@return string? code the errno's name
function M.attach(controller)
  controller = controller or cqueues.running()
  if cqueues.type(controller) ~= "controller" then
    error("bad controller arg: cqueues controller expected, got " .. type(controller), 2)
  end
  return adapter.attach(controller)
end

---Undoes attach(): calls that wait drive our loop again. Who waits already is still resumed by the controller. Never
---yields.
---@return true
function M.detach()
  return adapter.detach()
end

return M
