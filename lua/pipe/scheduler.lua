-- The engine of light threads: which one runs, who is ready, and turning the loop until something has happened.
--
-- A *waiter* is a table: a light thread's Task (it has a `co`), or a fresh one for each wait of the main context. While
-- it waits, `cancel` tells how to withdraw from what it waits for; `cancel` stays until the result has been taken, so
-- that a thread which is killed between its wake-up and its turn gives back what it had been handed.
-- Who waits for several things at once has a waiter for each, whose `parent` is itself. A waiter with an `on_wake` is
-- told, inside a turn of the loop, when what it waits for has happened: that may wake others, adopt light threads and
-- put things into queues, but neither resume a coroutine nor wait.

local C = require("pipe.clib")
local engine = require("pipe.engine")
local deadlock = require("pipe.deadlock")

local resume, yield = coroutine.resume, coroutine.yield
local running, isyieldable, status = coroutine.running, coroutine.isyieldable, coroutine.status

local LOOK, SLEEP, GLANCE = C.PIPE_TURN_LOOK, C.PIPE_TURN_SLEEP, C.PIPE_TURN_GLANCE

local PARK = {} -- what a waiting light thread yields; anything else is a bare yield, which asks for another turn

---@class pipe.Task
---@field co thread? nil when it has ended
---@field innermost thread? the coroutine that runs now, or waits, inside it: `co`, or one that pipe.coroutine resumed
---@field passable boolean whether every resumer below `innermost` could yield
---@field running boolean? it is on the stack: it runs, or has just spawned the one that does
---@field ended boolean? what it waited for has happened
---@field cancel fun(waiter: table)?
---@field on_drop fun(task: pipe.Task)? called when the thread is killed: what else has to end with it
---@field served pipe.Crew? that
---@field on_end fun()? called when the thread has ended, whichever way

local scheduler = {
  PARK = PARK,
  current = nil,                               ---@type pipe.Task?
  tasks = setmetatable({}, { __mode = "k" }),  -- coroutine → Task; it holds those that have ended, too
  living = {},                                 -- every Task that has not ended: perhaps nobody else refers to it
  alive = 0,                                   -- how many those are
  watched = false,                             -- another event loop looks at our descriptor
  foreign = nil,                               ---@type pipe.Carrier? the event loop that carries ours
}

local first, last       -- the ready queue: linked through `next`
local ready = 0         -- its length
local taken             ---@type pipe.Task? the last one that in_loop() has taken from it
local driving = 0       -- how deep we are inside in_loop(): it nests, since on_error may wait
local born = 0

---Tells a foreign event loop that there is work it cannot see.
function scheduler.stir()
  if scheduler.watched and driving == 0 then
    local loop = engine.opened()
    if loop then
      C.pipe_loop_wake(loop)
    end
  end
end

local function push(task)
  task.next = nil
  if last then
    last.next = task
  else
    first = task
  end
  last = task
  ready = ready + 1
  scheduler.stir()
end

---@return integer count how many light threads are ready to run
function scheduler.ready()
  return ready
end

---What `waiter` waits for has happened.
---@param waiter table
function scheduler.wake(waiter)
  if not waiter.ended then
    waiter.ended = true
    if waiter.parent then
      scheduler.wake(waiter.parent)
    elseif waiter.co then
      push(waiter)
    elseif waiter.on_wake then
      waiter.on_wake(waiter)
    end
  end
end
local wake = scheduler.wake

local function count(change)
  scheduler.alive = scheduler.alive + change
  if scheduler.foreign then
    scheduler.foreign:recount()
  end
end

---Makes a light thread's record.
---@param co thread
---@param class table its metatable, with `finish` and `drop`
---@return pipe.Task
function scheduler.adopt(co, class)
  born = born + 1
  local task = setmetatable({ co = co, innermost = co, passable = true, born = born }, class)
  scheduler.tasks[co] = task
  scheduler.living[task] = true
  count(1)
  return task
end

---Lets a light thread run in its turn.
---@param task pipe.Task
scheduler.enqueue = push

---Starts a light thread in its turn: for where nobody may be resumed. thread.lua knows how one is made.
---@param f fun()
---@return pipe.Task
function scheduler.spawn_later(f) end -- luacheck: no unused args

---Forgets a light thread that has ended. LuaJIT has no ephemerons: a record in `tasks` that named its coroutine would
---keep both for ever.
---@param task pipe.Task
function scheduler.retire(task)
  task.co, task.innermost, task.cancel = nil, nil, nil
  scheduler.living[task] = nil
  count(-1)
end

-- Withdraws from a wait that a debug hook has thrown out of: nobody will take what comes of it.
local function abandon(task)
  local cancel = task.cancel
  task.cancel, task.ended = nil, nil
  cancel(task)
end

local function settle(task, before, ok, ...)
  scheduler.current = before
  task.running = nil
  if ok and rawequal((...), PARK) then
    return
  end
  if task.cancel then
    abandon(task)
  end
  if ok and status(task.co) == "suspended" then
    push(task)
  else
    task:finish(ok, ...)
  end
end

---Lets a light thread run up to its next wait.
---@param task pipe.Task
function scheduler.run(task, ...)
  local before = scheduler.current
  scheduler.current = task
  task.running = true
  settle(task, before, resume(task.co, ...))
end
local run = scheduler.run

-- Only those that are there now: who yields again and again must not keep the loop from turning.
local function run_ready()
  for _ = 1, ready do
    local task = first
    if not task then -- a nested in_loop() took the rest
      return
    end
    taken = task
    first = task.next
    if not first then
      last = nil
    end
    task.next = nil
    ready = ready - 1
    if task.co then -- not killed since
      run(task)
    end
    taken = nil
  end
end

-- Without a waiter: until no light thread is left.
local function turn_until_ended(waiter)
  while true do
    run_ready()
    if waiter and waiter.ended or not waiter and scheduler.alive == 0 then
      return
    end
    if ready == 0 and engine.outstanding == 0 then
      error(deadlock.describe(scheduler.living), 0)
    end
    engine.turn(ready == 0 and SLEEP or GLANCE, wake)
    if waiter and waiter.ended then
      return
    end
  end
end

-- Whether that has woken the main context alone.
local function sleep_once(waiter)
  if ready == 0 and engine.outstanding > 0 then
    engine.turn(SLEEP, wake)
  end
  return waiter.ended
end

-- Without a loop where a few turns will do, so that all of a wait is one trace: of a short program comes an output, the
-- outputs' end, the exit.
local function sleep_until_ended(waiter)
  if not (sleep_once(waiter) or sleep_once(waiter) or sleep_once(waiter) or sleep_once(waiter)) then
    turn_until_ended(waiter)
  end
end

local MAX_TURNS = 16 -- of one step: a foreign event loop has other things to do

local function one_turn()
  run_ready()
  engine.turn(LOOK, wake)
end

-- The last thing is a turn of the core's loop, so that what was started last is being watched.
local function turn_while_ready()
  local turns = 0
  repeat
    turns = turns + 1
    one_turn()
  until ready == 0 or turns == MAX_TURNS
end

-- A debug hook has thrown, perhaps between the taking of `task` from the queue and the end of its turn. A turn too many
-- does no harm: who waits looks whether it is over.
local function put_back(task, err)
  local rest = first
  first, last, ready = nil, nil, 0
  while rest do
    local following = rest.next
    if rest ~= task then
      push(rest)
    end
    rest = following
  end
  task.running = nil
  local state = task.co and status(task.co)
  if state == "suspended" then
    push(task)
  elseif state == "dead" then
    task:finish(false, err)
  end
end

-- Calls `turns` in the main context. What it throws is a deadlock, or comes from a debug hook, as the interpreter's
-- for SIGINT does: our own state must survive both.
local function in_loop(turns, waiter)
  local before, outer = scheduler.current, taken -- a light thread that runs another event loop, which steps
  driving, taken = driving + 1, nil
  local ok, err = pcall(turns, waiter)
  driving = driving - 1
  if ready > 0 then
    scheduler.stir()
  end
  local broken_off = taken
  taken = outer
  if not ok then
    scheduler.current = before
    if broken_off then
      put_back(broken_off, err)
    end
    if waiter then
      waiter.cancel(waiter)
    end
    error(err, 0)
  end
end

---Turns the loop until no light thread is left. For the main context only.
function scheduler.run_all()
  in_loop(turn_until_ended)
end

---Gives everybody who is ready one turn, without blocking. For the main context only.
function scheduler.give_turn()
  in_loop(one_turn)
end

---Does what is ready, without blocking. For the main context only.
function scheduler.step()
  in_loop(turn_while_ready)
end

---The event loop that carries ours, if there is one.
---@return pipe.Carrier?
function scheduler.carrier()
  if scheduler.foreign then
    engine.opened() -- which notices a fork: in the copy there is none
  end
  return scheduler.foreign
end

local function waiter_outside()
  local carrier = scheduler.carrier()
  if carrier then
    return carrier:waiter()
  end
  -- With room for all that it will hold: a table that grows is made again each time.
  return { ended = false, token = false, cancel = false, process = false, channel = false, anchor = false }
end

---Who would wait if the running coroutine had to. To be asked before anything is armed.
---@param held boolean? a light thread's `cancel` is for this very wait, and not left by one that was broken off
---@return table? waiter nil where nobody can wait
---@return string? refusal why not
function scheduler.waiter(held)
  local task = scheduler.current
  if not task then
    return waiter_outside()
  elseif running() ~= task.innermost then
    return nil, "cannot wait in a plain coroutine of a light thread; use pipe.coroutine"
  elseif not (isyieldable() and task.passable) then
    return nil, "attempt to yield across C-call boundary"
  elseif task.cancel and not held then
    abandon(task)
  end
  return task
end

---Waits until somebody wakes `waiter`, which scheduler.waiter() has given and whose `cancel` is set.
---@param waiter table
function scheduler.park(waiter)
  if waiter.co then
    repeat -- a stray coroutine.resume from outside must not look like the result
      yield(PARK)
    until waiter.ended
  elseif waiter.park then
    waiter.park(waiter)
  else
    in_loop(sleep_until_ended, waiter)
  end
  waiter.ended = nil
end

---Called in a forked copy of the host: those who wait in the parent's other event loops will never be resumed here.
function scheduler.forget_carriers() end

-- In a forked copy of the host the parent's light threads are forgotten, but for those whose code runs here and now. A
-- wait of the main context ends: the core says what became of it.
function engine.on_fork(orphans)
  scheduler.watched, scheduler.foreign = false, nil
  scheduler.forget_carriers()
  local parked = {}
  for task in pairs(scheduler.living) do
    if not task.running then
      parked[#parked + 1] = task
    end
  end
  for _, task in ipairs(parked) do
    if task.co then -- not dropped with another
      task:drop()
    end
  end
  for _, waiter in ipairs(orphans) do
    wake(waiter)
  end
end

return scheduler
