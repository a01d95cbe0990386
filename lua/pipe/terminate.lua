-- Ending children in good order: TERM, and KILL for those that are left after a grace.

local ffi = require("ffi")
local C = require("pipe.clib")
local engine = require("pipe.engine")
local exit = require("pipe.exit")
local options = require("pipe.options")
local scheduler = require("pipe.scheduler")
local signum = require("pipe.signum")
local status = require("pipe.status")

local OK, AGAIN, BUSY, EXITED = C.PIPE_OK, C.PIPE_AGAIN, C.PIPE_BUSY, C.PIPE_EXITED
local TIMEOUT = C.PIPE_TIMEOUT

local terminate = {
  DEFAULT_GRACE = 2000, -- ms
}

---@param value any
---@return number? ms nil for what is no timeout
function terminate.grace(value)
  return options.timeout(value == nil and terminate.DEFAULT_GRACE or value)
end

local new_watch = ffi.typeof("pipe_exit_watch *[1]")

-- Once only, also where a debug hook breaks off what frees it.
local function free(watch)
  local started = watch[0]
  watch[0] = nil
  C.pipe_exit_watch_free(started)
end

local function stop_watching(waiter)
  for _, sub in ipairs(waiter.watching) do
    if sub.watch[0] ~= nil then
      free(sub.watch)
      engine.release_token(sub)
    end
  end
  waiter.watching, waiter.cancel = nil, nil
end

local function start_watching(waiter, processes, timeout)
  waiter.watching = {}
  waiter.cancel = stop_watching
  for i, process in ipairs(processes) do
    local sub = { parent = waiter, process = process, watch = ffi.gc(new_watch(), free) }
    waiter.watching[i] = sub
    local code = C.pipe_exit_watch_start(process.handle, timeout, engine.take_token(sub), sub.watch)
    if code ~= OK then
      engine.release_token(sub)
      return code
    end
  end
  return OK
end

---Waits until all have exited, beside anybody's wait(), and uses nothing up.
---@param waiter table from scheduler.waiter()
---@param processes pipe.Process[]
---@param timeout number ms; 0 never times out
---@return integer code PIPE_OK, PIPE_TIMEOUT, PIPE_ABORTED when one was closed, or a negative errno
function terminate.watch(waiter, processes, timeout)
  local code = start_watching(waiter, processes, timeout)
  for _, sub in ipairs(waiter.watching) do
    if code ~= OK then
      break
    end
    while not sub.ended do
      scheduler.park(waiter)
    end
    code = C.pipe_exit_watch_result(sub.watch[0])
  end
  stop_watching(waiter)
  return code
end

-- All of them, also where one cannot be signalled. The last one first: a stage of a pipeline whose source has gone may
-- come to its end of file, and exit with 0, before its own signal is there.
local function signal(processes, number)
  local failure
  for i = #processes, 1, -1 do
    local code = C.pipe_kill(processes[i].handle, number)
    if code < 0 then
      failure = failure or code
    end
  end
  return failure
end

---@param waiter table from scheduler.waiter()
---@param processes pipe.Process[]
---@param grace number ms
---@return integer code as terminate.watch(), never PIPE_TIMEOUT
function terminate.run(waiter, processes, grace)
  local code = signal(processes, signum.TERM)
  if not code and grace > 0 then
    code = terminate.watch(waiter, processes, grace)
  end
  if not code or code == TIMEOUT then
    code = signal(processes, signum.KILL) or terminate.watch(waiter, processes, 0)
  end
  return code
end

---Adds the method.
---@param Process table the metatable of process objects
---@param methods table
function terminate.install(Process, methods)
  ---Ends the child: TERM, and KILL if it has not exited after the grace. **Yields.** Tells the exit as wait() does, and
  ---so does the wait of another light thread.
  ---@param self pipe.Process
  ---@param grace_ms number? 2000 by default; with 0 KILL follows at once
  ---@return boolean? ok
  ---@return string reason
  ---@return integer|string|nil status
  function methods.terminate(self, grace_ms)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    local grace = terminate.grace(grace_ms)
    if not grace then
      error("bad grace arg", 2)
    end
    local handle = self.handle
    local code = C.pipe_wait(handle, exit.status)
    if code == AGAIN then
      C.pipe_cancel(handle, C.PIPE_EXIT)
    elseif code ~= BUSY then
      return exit.tell(code)
    end
    local waiter, refusal = scheduler.waiter()
    if not waiter then
      error(refusal, 2)
    end
    code = terminate.run(waiter, { self }, grace)
    if code ~= OK then
      return nil, status.describe(code)
    end
    code = C.pipe_wait(handle, exit.status)
    if code == BUSY or code == EXITED then -- it is told to somebody else as well
      code = C.pipe_try_wait(handle, exit.status)
    end
    return exit.tell(code)
  end
end

return terminate
