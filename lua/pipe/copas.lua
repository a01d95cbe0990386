-- pipe.copas: life inside Copas. Its select(2) takes whatever has the methods of a socket. So has a *seat*: its
-- descriptor is ours, and to receive from it is to take a step. All seats have the same descriptor, and LuaSocket names
-- one of them only when it is readable: whoever is named takes the step, and those who were woken by it are `dirty`, as
-- a socket is that has something in its buffer.

local copas = require("copas")
local socket = require("socket")
local foreign = require("pipe.foreign")
local scheduler = require("pipe.scheduler")

---@class pipe.Seat
---@field fd integer
---@field over fun(): boolean? nobody waits in it any more
---@field taken boolean? Copas has it
local Seat = {}
Seat.__index = Seat

function Seat:getfd()
  return self.fd
end

function Seat:dirty()
  return self.over()
end

-- The first one only says that there is nothing yet, so that Copas waits: who begins to wait must not run others.
function Seat:receive()
  if self.taken and not self.over() then
    scheduler.step()
  end
  self.taken = true
  if self.over() then
    return ""
  end
  return nil, "timeout"
end

-- Copas 1 closes what a coroutine waited for last when it ends.
function Seat.close() end

local function sit(fd, over)
  copas.receive(setmetatable({ fd = fd, over = over }, Seat))
end

local function woken() end

local function start(_, fd)
  if fd >= socket._SETSIZE then
    return nil, ("the loop's descriptor, %d, is too large for select(2)"):format(fd), "EMFILE"
  end
  local carrier = { woken = woken }
  function carrier.wait(waiter)
    sit(fd, function() return waiter.ended end)
  end
  -- For light threads, whom Copas does not know.
  carrier.keep = foreign.while_busy(carrier, copas.addthread, function()
    sit(fd, function() return not carrier.busy end)
  end)
  return carrier
end

local adapter = foreign.adapter("pipe.copas", start)

local M = {}

---From now on a call that waits lets the coroutine wait that it stands in, as copas.receive() does; on the main stack
---such a call throws. A second call is harmless; throws while another adapter is attached. Never yields.
---@return true? ok
---@return string? message when the system has no descriptors left, or none that select(2) takes
---@return string? code the errno's name
function M.attach()
  return adapter.attach(copas)
end

---Undoes attach(): calls that wait drive our loop again. Who waits already is still resumed by Copas. Never yields.
---@return true
function M.detach()
  return adapter.detach()
end

return M
