-- Life inside another event loop: who may wait there, and who does, as far as that is the same under all of them. How a
-- coroutine waits and who resumes it is the adapter's: luv.lua, cqueues.lua, copas.lua.

local loop = require("pipe.loop")
local scheduler = require("pipe.scheduler")

local running, isyieldable, yield = coroutine.running, coroutine.isyieldable, coroutine.yield

local PARK = scheduler.PARK

---@class pipe.Carrier another event loop, which carries ours
---@field name string the adapter's module
---@field loop any which one of its kind
---@field wait fun(waiter: table) the running coroutine waits in the way of that loop; it may come back too early
---@field woken fun(waiter: table) `waiter` has ended: as scheduler.lua has it for `on_wake`
---@field keep fun(busy: boolean) whether that loop must go on for us; told when it changes
---@field close fun()? nobody needs it any more
---@field refusal (fun(): string?)? why the running coroutine cannot wait there
---@field waiting integer how many coroutines wait
---@field busy boolean? what keep() was told last
---@field closed boolean?
local Carrier = {}
Carrier.__index = Carrier

local foreign = {
  -- coroutine → whether all could yield who have resumed it through pipe.coroutine, one inside the other. Nothing for
  -- one that was resumed in the standard way: its wait is its own.
  passable = setmetatable({}, { __mode = "k" }),
}

local parked = {}    -- every waiter: perhaps nobody else refers to its coroutine
local open = {}      -- every Carrier that is not closed
local inherited = {} -- those of a forked copy: to close or collect them could take the parent's watch out of a set that
                     -- both share

---Waits in the running coroutine until `waiter` has ended, whoever armed it.
---@param waiter table
function foreign.stay(waiter)
  if foreign.passable[running()] ~= nil then
    repeat
      yield(PARK, waiter)
    until waiter.ended
  else
    while not waiter.ended do
      waiter.carrier.wait(waiter)
    end
  end
end

local function park(waiter)
  local carrier = waiter.carrier
  parked[waiter] = true
  carrier.waiting = carrier.waiting + 1
  carrier:recount()
  local ok, err = pcall(foreign.stay, waiter)
  parked[waiter] = nil
  carrier.waiting = carrier.waiting - 1
  carrier:recount()
  if not ok then -- from a debug hook
    waiter.cancel(waiter)
    error(err, 0)
  end
end

---As scheduler.waiter(), outside of light threads.
---@return table? waiter
---@return string? refusal
function Carrier:waiter()
  local co, is_main = running()
  if not co or is_main then
    return nil, "cannot wait outside a coroutine"
  end
  local refusal = self.refusal and self.refusal()
  if not refusal and not (isyieldable() and foreign.passable[co] ~= false) then
    refusal = "attempt to yield across C-call boundary"
  end
  if refusal then
    return nil, refusal
  end
  return { carrier = self, park = park, on_wake = self.woken }
end

---Tells the other loop whether it is needed. One that has been detached goes on until the last waiter has been resumed.
function Carrier:recount()
  local attached = scheduler.foreign == self
  local busy = self.waiting > 0 or attached and scheduler.alive > 0
  if busy ~= self.busy then
    self.busy = busy
    self.keep(busy)
  end
  if not (busy or attached or self.closed) then
    self.closed = true
    open[self] = nil
    if self.close then
      self.close()
    end
  end
end

---For loops that go on as long as they have a coroutine: there is one, which turns ours, while somebody waits.
---@param carrier pipe.Carrier
---@param begin fun(body: fun()) starts a coroutine of that loop
---@param turn fun() waits for our descriptor, and steps
---@return fun() ensure to be called when it must be there
function foreign.while_busy(carrier, begin, turn)
  local there = false
  local function body()
    while carrier.busy do
      turn()
    end
    there = false
  end
  return function()
    if carrier.busy and not there then
      there = true
      begin(body)
    end
  end
end

function scheduler.forget_carriers()
  local waiters = parked
  parked = {}
  for waiter in pairs(waiters) do
    waiter.on_wake = nil
  end
  for waiter in pairs(waiters) do
    waiter.cancel(waiter)
  end
  for carrier in pairs(open) do
    carrier.closed = true
    inherited[#inherited + 1] = carrier
  end
  open = {}
end

local function find(name, other)
  for carrier in pairs(open) do
    if carrier.name == name and carrier.loop == other then
      return carrier
    end
  end
end

---Makes an adapter's two functions.
---@param name string its module
---@param start fun(other: any, fd: integer): pipe.Carrier?, string?, string?
---@return { attach: fun(other: any): true?, string?, string?, detach: fun(): true }
function foreign.adapter(name, start)
  local adapter = {}

  -- Always tail-called by the public function, so that level 2 is its caller.
  function adapter.attach(other)
    local attached = scheduler.carrier()
    if attached and attached.name ~= name then
      error(attached.name .. " is attached already", 2)
    elseif attached and attached.loop ~= other then
      error(name .. " is attached to another loop already", 2)
    end
    local carrier = find(name, other)
    if not carrier then
      local fd, message, code = loop.fd()
      if not fd then
        return nil, message, code
      end
      carrier, message, code = start(other, fd)
      if not carrier then
        return nil, message, code
      end
      carrier.name, carrier.loop, carrier.waiting = name, other, 0
      open[setmetatable(carrier, Carrier)] = true
    end
    scheduler.foreign = carrier
    carrier:recount()
    return true
  end

  function adapter.detach()
    local carrier = scheduler.carrier()
    if carrier and carrier.name == name then
      scheduler.foreign = nil
      carrier:recount()
    end
    return true
  end

  return adapter
end

return foreign
