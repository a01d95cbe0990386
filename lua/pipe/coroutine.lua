-- Drop-ins for the standard coroutine functions through which a light thread's wait passes on to the scheduler: a wait
-- inside yields PARK, and resume() yields it on upwards instead of giving it to its caller. In a coroutine that another
-- event loop resumes, resume() waits itself for what the one inside waits for.

local foreign = require("pipe.foreign")
local scheduler = require("pipe.scheduler")

local PARK = scheduler.PARK
-- All of them now: a script may make this module its global `coroutine`.
local create, resume, status, yield = coroutine.create, coroutine.resume, coroutine.status, coroutine.yield
local running, isyieldable = coroutine.running, coroutine.isyieldable

-- coroutine → the light thread whose wait has passed through it: Lua calls it suspended, but nobody may resume it.
local parked = setmetatable({}, { __mode = "k" })
local GUEST = { co = true } -- there for a wait that has passed on to another event loop

---@class pipe.coroutine
local M = {
  create = create,
  running = running,
  isyieldable = isyieldable,
}

---As coroutine.yield. A light thread that yields gives the others a turn, and so does the main chunk, where the
---standard one throws: under nginx the main chunk is a light thread too.
---@param ... any
---@return any ...
function M.yield(...)
  local co, is_main = running()
  if co and not is_main then
    return yield(...)
  end
  scheduler.give_turn()
end

local function relay(task, co, outer, passable, ok, ...)
  if ok and rawequal((...), PARK) then
    parked[co] = task
    yield(PARK)
    parked[co] = nil
    return relay(task, co, outer, passable, resume(co))
  end
  task.innermost, task.passable = outer, passable
  return ok, ...
end

local function stand_in(co, ok, ...)
  if ok and rawequal((...), PARK) then
    parked[co] = GUEST
    foreign.stay((select(2, ...)))
    parked[co] = nil
    return stand_in(co, resume(co))
  end
  foreign.passable[co] = nil
  return ok, ...
end

---As coroutine.status, and "normal" for a coroutine in which a light thread waits; "dead" for what belonged to a thread
---that was killed.
---@param co thread
---@return "running"|"suspended"|"normal"|"dead"
function M.status(co)
  if type(co) ~= "thread" then
    error("bad argument #1 to 'status' (coroutine expected)", 2)
  end
  local task = scheduler.tasks[co] or parked[co]
  if task and not task.co then
    return "dead"
  end
  return parked[co] and "normal" or status(co)
end

local status_of = M.status -- whatever the script puts there later

---As coroutine.resume. A wait inside makes the light thread wait that called this, or the coroutine of another event
---loop; in the main context it drives the loop.
---@param co thread
---@param ... any
---@return boolean ok
---@return any ... what it yielded or returned, or the error
function M.resume(co, ...)
  if type(co) ~= "thread" then
    error("bad argument #1 to 'resume' (coroutine expected)", 2)
  elseif status_of(co) == "dead" then
    return false, "cannot resume dead coroutine"
  elseif co == running() then
    return resume(co, ...) -- the standard refusal
  elseif parked[co] or scheduler.tasks[co] then -- only the scheduler resumes light threads
    return false, "cannot resume non-suspended coroutine"
  end
  local task = scheduler.current
  local outer, is_main = running()
  if not task and outer and not is_main and scheduler.foreign then
    foreign.passable[co] = isyieldable() and foreign.passable[outer] ~= false
    return stand_in(co, resume(co, ...))
  elseif not task or outer ~= task.innermost then
    return resume(co, ...) -- nobody to pass a wait on to: it drives the loop, or is refused
  end
  local passable = task.passable
  task.innermost, task.passable = co, passable and isyieldable()
  return relay(task, co, outer, passable, resume(co, ...))
end

local pass_on = M.resume

local function unwrap(ok, ...)
  if ok then
    return ...
  end
  error((...), 2) -- like the standard one, it prepends the place of the call to a string
end

---As coroutine.wrap.
---@param f fun(...)
---@return fun(...): any ...
function M.wrap(f)
  if type(f) ~= "function" then
    error("bad argument #1 to 'wrap' (function expected, got " .. type(f) .. ")", 2)
  end
  local co = create(f)
  return function(...)
    return unwrap(pass_on(co, ...))
  end
end

return M
