-- Light threads, with the semantics of ngx.thread; but anybody may wait for one, or kill it.

local scheduler = require("pipe.scheduler")

local create = coroutine.create -- the script may replace the global by pipe.coroutine

-- What a thread returned, or its error, is kept by its coroutine, as the environment that nothing will run in any more:
-- it may lead to the coroutine itself, and the record, which scheduler.tasks holds, would then keep both for ever.
local getfenv, setfenv = debug.getfenv, debug.setfenv
local TAKEN = {}

---@class pipe.Task
---@field state "alive"|"ended"|"gone" gone: waited for, or killed
---@field ok boolean? whether it returned
---@field count integer? how many results, nils included
---@field waiters table[]? who waits for it, in the order of arrival
local Task = {}
Task.__index = Task

local thread = {}

local function make(f)
  local task = scheduler.adopt(create(f), Task)
  task.state = "alive"
  return task
end

-- Text for a value of any type, whose __tostring may be broken.
local function text_of(value)
  local ok, text = pcall(tostring, value)
  return ok and text or "(error object is a " .. type(value) .. " value)"
end

---Called when a light thread fails while nobody waits for it. Settable. It may wait.
---@param th thread
---@param err any
---@param traceback string
function thread.on_error(th, err, traceback) -- luacheck: no unused args
  io.stderr:write("pipe: light thread failed: ", traceback, "\n")
end
local default_on_error = thread.on_error

local function report(co, err)
  local traceback = debug.traceback(co, text_of(err))
  local ok, failure = pcall(thread.on_error or default_on_error, co, err, traceback)
  if not ok then -- protected, too: the host may have closed its stderr
    pcall(io.stderr.write, io.stderr, "pipe: pipe.thread.on_error failed: ", text_of(failure),
      "; the light thread's error was: ", traceback, "\n")
  end
end

-- Under another event loop we may be on its main stack, or in the coroutine that turns our loop. Neither can wait, and
-- on_error may: so it gets a light thread.
local function report_where_it_may_wait(co, err)
  if scheduler.current or not scheduler.carrier() then
    report(co, err)
  else
    scheduler.run(make(report), co, err)
  end
end

-- Takes `waiter` off the lists of all threads that it waits for.
local function leave(waiter)
  for _, task in ipairs(waiter.threads) do
    local waiters = task.waiters
    for i = 1, waiters and #waiters or 0 do
      if waiters[i] == waiter then
        table.remove(waiters, i)
        break
      end
    end
  end
  waiter.threads = nil
end

-- The first one gets the results. For the others this thread has been waited for: they go on with what they have left.
local function tell_waiters(task, co)
  local waiters = task.waiters or {}
  task.waiters = nil
  for _, waiter in ipairs(waiters) do
    if task.state == "ended" then
      task.state = "gone"
      waiter.outcome = co
      leave(waiter)
      scheduler.wake(waiter)
    else
      waiter.left = waiter.left - 1
      if waiter.left == 0 then
        waiter.threads = nil
        scheduler.wake(waiter)
      end
    end
  end
end

---@package
function Task:finish(ok, ...)
  local co = self.co
  scheduler.retire(self)
  self.state = "ended"
  self.ok, self.count = ok, select("#", ...)
  if self.count > 0 then
    setfenv(co, { ... })
  end
  tell_waiters(self, co)
  if not ok and self.state == "ended" then
    report_where_it_may_wait(co, (...))
  end
  if self.on_end then
    self.on_end()
  end
end

---@package
function Task:drop()
  if self.cancel then
    self.cancel(self)
  end
  scheduler.retire(self)
  self.state = "gone"
  tell_waiters(self)
  if self.on_drop then
    self:on_drop()
  end
  if self.on_end then
    self.on_end()
  end
end

local function no_thread(value, index, name)
  return ("bad argument #%d to '%s' (light thread expected, got %s)"):format(index, name, type(value))
end

local function take(co)
  local task = scheduler.tasks[co]
  task.state = "gone"
  if task.count == 0 then
    return task.ok
  end
  local results = getfenv(co)
  setfenv(co, TAKEN)
  return task.ok, unpack(results, 1, task.count)
end

local function cancel_wait(waiter)
  local co = waiter.outcome
  if co then -- killed before it could take the results: somebody else may
    scheduler.tasks[co].state = "ended"
  elseif waiter.threads then
    leave(waiter)
  end
  waiter.outcome, waiter.cancel = nil, nil
end

local function wait_for_first(waiter, tasks)
  waiter.threads, waiter.left, waiter.cancel = tasks, #tasks, cancel_wait
  for _, task in ipairs(tasks) do
    task.waiters = task.waiters or {}
    table.insert(task.waiters, waiter)
  end
  scheduler.park(waiter)
  local co = waiter.outcome
  waiter.outcome, waiter.cancel = nil, nil
  if co then
    return take(co)
  end
  return nil, "already waited or killed"
end

function scheduler.spawn_later(f)
  local task = make(f)
  scheduler.enqueue(task)
  return task
end

---Starts a light thread: runs `f` at once, up to its first wait. Never yields.
---@param f fun(...)
---@param ... any its arguments
---@return thread th
function thread.spawn(f, ...)
  if type(f) ~= "function" then
    error("bad argument #1 to 'spawn' (function expected, got " .. type(f) .. ")", 2)
  end
  local task = make(f)
  local co = task.co
  scheduler.run(task, ...)
  return co
end

---Waits until the first of some light threads ends; the others run on. Threads that have been waited for, or killed,
---are skipped. **Yields** unless one has ended already.
---@param ... thread
---@return boolean? ok true, and what the thread returned; false, and its error; nil when there is none left to wait for
---@return any ... results, the error, or "already waited or killed"
function thread.wait(...)
  local count = select("#", ...)
  if count == 0 then
    error("at least one coroutine should be specified", 2)
  end
  local alive, listed, ended = {}, {}, nil
  for i = 1, count do
    local th = (select(i, ...))
    local task = type(th) == "thread" and scheduler.tasks[th]
    if type(th) ~= "thread" then
      error(no_thread(th, i, "wait"), 2)
    elseif not task then
      error("attempt to wait on a coroutine that is not a user thread", 2)
    elseif task == scheduler.current then
      error("a light thread cannot wait for itself", 2)
    elseif task.state == "ended" then
      ended = ended or th
    elseif task.state == "alive" and not listed[task] then
      listed[task] = true
      alive[#alive + 1] = task
    end
  end
  if ended then
    return take(ended)
  elseif #alive == 0 then
    return nil, "already waited or killed"
  end
  local waiter, refusal = scheduler.waiter()
  if not waiter then
    error(refusal, 2)
  end
  return wait_for_first(waiter, alive)
end

---Ends a light thread that is waiting; what it waited for is cancelled. Never yields.
---@param th thread
---@return boolean? ok
---@return string? err "already terminated", "already waited or killed", "not waiting" (it runs), or "not user thread"
function thread.kill(th)
  if type(th) ~= "thread" then
    error(no_thread(th, 1, "kill"), 2)
  end
  local task = scheduler.tasks[th]
  if not task then
    return nil, "not user thread"
  elseif task.state == "ended" then
    return nil, "already terminated"
  elseif task.state == "gone" then
    return nil, "already waited or killed"
  elseif task.running then
    return nil, "not waiting"
  end
  task:drop()
  return true
end

return thread
