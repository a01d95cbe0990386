-- pipe.pipeline: children joined by kernel pipes. The bytes between them never pass through the host.

local C = require("pipe.clib")
local kill = require("pipe.kill")
local scheduler = require("pipe.scheduler")
local stage = require("pipe.stages")
local status = require("pipe.status")
local terminate = require("pipe.terminate")

---@class pipe.Pipeline
---@field package processes pipe.Process[]
---@field package stdin pipe.Process the first one
---@field package stdout pipe.Process the last one
---@field package stderr pipe.Process who has the pipe that all share, if there is one
---@field package told boolean? wait() has told the results
---@field package waiter table? who waits for them
---@field write fun(self: pipe.Pipeline, data: string|number|table): number?, string?, number?, string?
---@field stdout_read_all fun(self: pipe.Pipeline): string?, string?, string?, string?
---@field stdout_read_line fun(self: pipe.Pipeline): string?, string?, string?, string?
---@field stdout_read_bytes fun(self: pipe.Pipeline, len: integer): string?, string?, string?, string?
---@field stdout_read_any fun(self: pipe.Pipeline, max: integer): string?, string?, string?, string?
---@field stdout_lines fun(self: pipe.Pipeline): fun(): string?
---@field stderr_read_all fun(self: pipe.Pipeline): string?, string?, string?, string?
---@field stderr_read_line fun(self: pipe.Pipeline): string?, string?, string?, string?
---@field stderr_read_bytes fun(self: pipe.Pipeline, len: integer): string?, string?, string?, string?
---@field stderr_read_any fun(self: pipe.Pipeline, max: integer): string?, string?, string?, string?
---@field stderr_lines fun(self: pipe.Pipeline): fun(): string?
---@field set_timeouts fun(self: table, write: number?, stdout_read: number?, stderr_read: number?, wait: number?)
local methods = {}
local Pipeline = { __index = methods }

---@class pipe.StageResult
---@field reason string "exit", "signal", or "exit status lost"
---@field status integer? the exit code, or the signal's number
---@field pid integer

-- Which stage's method each is. Tail calls, so that level 2 is our caller in there as well.
local delegates = { write = "stdin", set_timeouts = "stdin" }
for _, output in ipairs { "stdout", "stderr" } do
  for _, suffix in ipairs { "_read_all", "_read_line", "_read_bytes", "_read_any", "_lines" } do
    delegates[output .. suffix] = output
  end
end
for name, stream in pairs(delegates) do
  methods[name] = function(self, ...)
    if getmetatable(self) ~= Pipeline then
      error("not a pipeline instance", 2)
    end
    local proc = self[stream]
    return proc[name](proc, ...)
  end
end

---Closes one direction, as for a process. Never yields.
---@param direction "stdin"|"stdout"|"stderr"
---@return boolean? ok
---@return string? err
---@return string? code
function methods:shutdown(direction)
  if getmetatable(self) ~= Pipeline then
    error("not a pipeline instance", 2)
  end
  local proc = direction == "stdout" and self.stdout or self.stdin
  return proc:shutdown(direction)
end

local function running(self)
  for _, proc in ipairs(self.processes) do
    local _, reason = proc:try_wait()
    if reason == "running" then
      return true
    end
  end
  return false
end

-- All have exited.
local function tell(self)
  local results, all_ok = {}, true
  for i, proc in ipairs(self.processes) do
    local ok, reason, number = proc:try_wait()
    if reason == "exited" then -- in a forked copy of the host
      return nil, "exited"
    end
    proc:wait()
    results[i] = { reason = reason, status = ok ~= nil and number or nil, pid = proc:pid() }
    all_ok = all_ok and ok == true
  end
  self.told = true
  return all_ok, results
end

-- A debug hook may have thrown a light thread out of its wait: then that one waits for nothing any more when it calls,
-- or waits for something else.
local function is_waited_for(self)
  local waiter = self.waiter
  local watching = waiter and waiter ~= scheduler.current and waiter.watching
  return watching and watching[1] and watching[1].process == self.processes[1]
end

---Waits until all stages have exited, for `wait_timeout` in all. **Yields** while one of them lives.
---@return boolean? ok whether all have exited with 0
---@return pipe.StageResult[]|string results in the order of the stages; or why there are none: "timeout" (wait again),
---"exited" (told already), "pipe busy waiting", "aborted"
---@return string? code the errno's name
function methods:wait()
  if getmetatable(self) ~= Pipeline then
    error("not a pipeline instance", 2)
  elseif self.told then
    return nil, "exited"
  elseif is_waited_for(self) then
    return nil, "pipe busy waiting"
  elseif running(self) then
    local waiter, refusal = scheduler.waiter()
    if not waiter then
      error(refusal, 2)
    end
    self.waiter = waiter
    local code = terminate.watch(waiter, self.processes, self.stdin.timeouts[C.PIPE_EXIT])
    self.waiter = nil
    if code ~= C.PIPE_OK then
      return nil, status.describe(code)
    end
  end
  return tell(self)
end

---Ends all stages: TERM, and KILL for those that have not exited after the grace. **Yields.** Tells what wait() does.
---@param grace_ms number? 2000 by default; with 0 KILL follows at once
---@return boolean? ok
---@return pipe.StageResult[]|string results
---@return string? code the errno's name
function methods:terminate(grace_ms)
  if getmetatable(self) ~= Pipeline then
    error("not a pipeline instance", 2)
  end
  local grace = terminate.grace(grace_ms)
  if not grace then
    error("bad grace arg", 2)
  elseif self.told then
    return nil, "exited"
  elseif running(self) then
    local waiter, refusal = scheduler.waiter()
    if not waiter then
      error(refusal, 2)
    end
    local code = terminate.run(waiter, self.processes, grace)
    if code ~= C.PIPE_OK then
      return nil, status.describe(code)
    end
  end
  return tell(self)
end

---Sends a signal to every stage that lives; 0 only asks. Never yields.
---@param sig integer|string a number, or a name: "TERM", "SIGTERM"
---@return boolean? ok
---@return string? err "exited" when none lives, "invalid signal", or a system error's text
---@return string? code the errno's name
function methods:kill(sig)
  if getmetatable(self) ~= Pipeline then
    error("not a pipeline instance", 2)
  end
  local number, problem = kill.number(sig)
  if not number then
    error(problem, 2)
  end
  local signalled, message, code = nil, "exited", nil
  for i = #self.processes, 1, -1 do -- as terminate() does
    local ok, err, name = self.processes[i]:kill(number)
    if ok then
      signalled = true
    elseif err ~= "exited" then
      message, code = err, name
    end
  end
  if signalled and message == "exited" then
    return true
  end
  return nil, message, code
end

---Kills all stages with SIGKILL, and frees everything now; pending operations get nil, "aborted". Never yields.
---@return true
function methods:close()
  if getmetatable(self) ~= Pipeline then
    error("not a pipeline instance", 2)
  end
  for _, proc in ipairs(self.processes) do
    proc:close()
  end
  self.told = true
  return true
end

---The process ids, in the order of the stages. Never yields.
---@return integer[] pids
function methods:pids()
  if getmetatable(self) ~= Pipeline then
    error("not a pipeline instance", 2)
  end
  local pids = {}
  for i, proc in ipairs(self.processes) do
    pids[i] = proc:pid()
  end
  return pids
end

---@return string text "pipeline (3 processes)"
function Pipeline:__tostring()
  return ("pipeline (%d process%s)"):format(#self.processes, #self.processes == 1 and "" or "es")
end

---Starts programs each of which reads what the one before it writes. Never yields. Throws for bad arguments, before
---anything has been started. The options are spawn's, for all stages; but `stdin` is the first one's, `stdout` the last
---one's, `stderr` the host's unless it is given ("pipe": one pipe that they share), and a stage's own `cwd` and `env`
---come first.
---@param stages (string|table)[] each as for spawn(); a table may have the fields `cwd` and `env`
---@param opts pipe.SpawnOptions?
---@return pipe.Pipeline? p
---@return string? err as from spawn(), for the first stage that cannot be started; then none is left
---@return string? code the errno's name
local function pipeline(stages, opts)
  opts = opts == nil and {} or opts
  local good, message, code = stage.check(stages, opts)
  if good == false then
    error(message, 2)
  elseif not good then
    return nil, message, code
  end
  local processes
  processes, message, code = stage.start(stages, opts)
  if not processes then
    return nil, message, code
  end
  local first, last = processes[1], processes[#processes]
  last.timeouts = first.timeouts -- set_timeouts() is for all of them
  first.stages, last.stages = processes, processes -- an iterator over the lines of one keeps all of them alive
  return setmetatable({ processes = processes, stdin = first, stdout = last, stderr = first }, Pipeline)
end

return pipeline
