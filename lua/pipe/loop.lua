-- The event loop as the user sees it: running it to the end, or living inside another one.

local C = require("pipe.clib")
local engine = require("pipe.engine")
local scheduler = require("pipe.scheduler")
local status = require("pipe.status")

local loop = {}

---Runs until no light thread is left. Throws inside a light thread, while an adapter is attached, and when the light
---threads that are left wait only for one another ("deadlock", and where they stand).
function loop.run()
  if scheduler.current then
    error("pipe.loop.run cannot be called in a light thread", 2)
  end
  local carrier = scheduler.carrier()
  if carrier then
    error(("pipe.loop.run cannot be called while %s is attached: it would block that loop"):format(carrier.name), 2)
  end
  scheduler.run_all()
end

---Does what is ready, and resumes who waited for it, without blocking. Throws inside a light thread.
function loop.step()
  if scheduler.current then
    error("pipe.loop.step cannot be called in a light thread", 2)
  end
  scheduler.step()
end

---A descriptor for other event loops: it polls readable whenever loop.step() would find work. It is the loop's own, and
---valid as long as the Lua state; don't close it.
---@return integer? fd
---@return string? message
---@return string? code the errno's name
function loop.fd()
  local core, message, code = engine.open()
  if not core then
    return nil, message, code
  end
  local fd = C.pipe_loop_fd(core)
  if fd < 0 then
    return nil, status.describe(fd)
  end
  if not scheduler.watched then
    scheduler.watched = true
    if scheduler.ready() > 0 then
      scheduler.stir()
    end
  end
  return fd
end

---How long loop.step() may be put off.
---@return number? ms 0 while results wait to be fetched; nil when only descriptors can wake us
function loop.timeout()
  if scheduler.ready() > 0 then
    return 0
  end
  local core = engine.opened()
  local ms = core and C.pipe_loop_timeout(core) or -1
  return ms >= 0 and ms or nil
end

return loop
