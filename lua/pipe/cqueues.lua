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
  local function begin(body)
    controller:wrap(body)
  end
  local carry = foreign.while_busy(carrier, begin, function()
    scheduler.step()
    if carrier.busy then
      cqueues.poll(watch, idle)
    end
  end)

  function carrier.keep(busy)
    if busy then
      carry()
    else
      idle:signal()
    end
  end

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
