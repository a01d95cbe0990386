-- The process object: a child and the host's ends of its pipes.

local ffi = require("ffi")
local C = require("pipe.clib")
local engine = require("pipe.engine")
local operation = require("pipe.operation")
local options = require("pipe.options")
local scheduler = require("pipe.scheduler")
local signum = require("pipe.signum")
local status = require("pipe.status")

local OK, AGAIN = C.PIPE_OK, C.PIPE_AGAIN

local process = {}

---@class pipe.Process
---@field package handle ffi.cdata* freed when it is collected, which kills a child that still lives
---@field package timeouts table<integer, number> ms, by channel
---@field stdout_read_all fun(self: pipe.Process): string?, string?, string?, string?
---@field stdout_read_line fun(self: pipe.Process): string?, string?, string?, string?
---@field stdout_read_bytes fun(self: pipe.Process, len: integer): string?, string?, string?, string?
---@field stdout_read_any fun(self: pipe.Process, max: integer): string?, string?, string?, string?
---@field stderr_read_all fun(self: pipe.Process): string?, string?, string?, string?
---@field stderr_read_line fun(self: pipe.Process): string?, string?, string?, string?
---@field stderr_read_bytes fun(self: pipe.Process, len: integer): string?, string?, string?, string?
---@field stderr_read_any fun(self: pipe.Process, max: integer): string?, string?, string?, string?
---@field write fun(self: pipe.Process, data: string|number|table): number?, string?, number?, string?
local methods = {}

-- A plain metatable, not ffi.metatype: that can be set only once in a Lua state, and modules get reloaded.
local Process = { __index = methods }

require("pipe.reader").install(Process, methods)
require("pipe.writer").install(Process, methods)

local exit_status = ffi.new("pipe_exit")

local directions = { stdin = C.PIPE_STDIN, stdout = C.PIPE_STDOUT, stderr = C.PIPE_STDERR }

local function start(plan)
  local loop, message, name = engine.open()
  if not loop then
    return nil, message, name
  end
  local out = ffi.new("pipe_process *[1]")
  local code = C.pipe_spawn(loop, plan.options, out)
  if code == OK then
    return ffi.gc(out[0], C.pipe_process_free)
  end
  return nil, status.describe(code)
end

---Starts a program with pipes at its stdin, stdout and stderr. Never yields. Throws for bad arguments, before anything
---has been started. An array is a program, looked up in the host's PATH, and its arguments; a string is a command for
---/bin/sh.
---@param args string|(string|number)[]
---@param opts pipe.SpawnOptions?
---@return pipe.Process? proc
---@return string? err "failed to spawn 'no-such': No such file or directory"
---@return string? code the errno's name, "ENOENT"
function process.spawn(args, opts)
  local plan, problem = options.plan(args, opts)
  if not plan then
    error(problem, 2)
  end
  local handle, message, code = start(plan)
  if code == "EMFILE" or code == "ENFILE" then
    collectgarbage() -- forgotten processes may hold the descriptors we need
    handle, message, code = start(plan)
  end
  if not handle then
    return nil, ("failed to spawn '%s': %s"):format(plan.file, message), code
  end
  return setmetatable({ handle = handle, timeouts = plan.timeouts }, Process)
end

-- How the child ended, in the contract's three values.
local function tell_exit(code)
  if code == OK then
    local number = exit_status.status
    if exit_status.signaled ~= 0 then
      return false, "signal", number
    end
    return number == 0, "exit", number
  end
  local message, name = status.describe(code, C.PIPE_EXIT)
  if name == "ECHILD" then
    return nil, "exit status lost", name
  elseif name then
    return nil, message, name
  end
  return nil, message
end

---Waits for the child's exit, and uses it up. **Yields** while the child lives. What it wrote stays readable.
---@return boolean? ok true for exit code 0, false for another or a signal
---@return string reason "exit" or "signal"; or why not: "timeout", "exited" (told already), "pipe busy waiting"
---@return integer|string|nil status the exit code or the signal's number; or the errno's name
function methods:wait()
  if getmetatable(self) ~= Process then
    error("not a process instance", 2)
  end
  local code = C.pipe_wait(self.handle, exit_status)
  if code == AGAIN then
    local waiter, refusal = scheduler.waiter()
    if not waiter then
      C.pipe_cancel(self.handle, C.PIPE_EXIT)
      error(refusal, 2)
    end
    local failure = operation.wait(waiter, self, C.PIPE_EXIT)
    if failure then
      return nil, status.describe(failure)
    end
    code = C.pipe_wait_result(self.handle, exit_status)
    operation.fetched(waiter)
  end
  return tell_exit(code)
end

---As wait(), but at once: nil, "running" while the child lives. Uses nothing up. Never yields.
---@return boolean? ok
---@return string reason
---@return integer|string|nil status
function methods:try_wait()
  if getmetatable(self) ~= Process then
    error("not a process instance", 2)
  end
  return tell_exit(C.pipe_try_wait(self.handle, exit_status))
end

---The child's process id, also after its exit. Never yields.
---@return integer pid
function methods:pid()
  if getmetatable(self) ~= Process then
    error("not a process instance", 2)
  end
  return C.pipe_process_pid(self.handle)
end

---Sets timeouts in ms: nil leaves one as it is, 0 never times out, and a fraction is rounded up. A bad one throws, and
---changes none. Never yields.
---@param write number?
---@param stdout_read number?
---@param stderr_read number?
---@param wait number?
function methods:set_timeouts(write, stdout_read, stderr_read, wait)
  if getmetatable(self) ~= Process then
    error("not a process instance", 2)
  end
  local values = {
    [C.PIPE_STDIN] = write,
    [C.PIPE_STDOUT] = stdout_read,
    [C.PIPE_STDERR] = stderr_read,
    [C.PIPE_EXIT] = wait,
  }
  for channel = C.PIPE_STDIN, C.PIPE_EXIT do
    if values[channel] ~= nil then
      values[channel] = options.timeout(values[channel])
      if not values[channel] then
        error("bad " .. options.timeout_names[channel] .. " option", 2)
      end
    end
  end
  for channel, ms in pairs(values) do
    self.timeouts[channel] = ms
  end
end

---Sends a signal; 0 only asks. Never yields.
---@param sig integer|string a number, or a name: "TERM", "SIGTERM"
---@return boolean? ok
---@return string? err "exited", "invalid signal", or a system error's text
---@return string? code the errno's name
function methods:kill(sig)
  if getmetatable(self) ~= Process then
    error("not a process instance", 2)
  end
  local number = type(sig) == "number" and sig or signum[sig]
  if not number then
    error("bad signal arg: number expected, got " .. tostring(sig), 2)
  end
  -- What fits no C int is no signal either.
  local code = C.pipe_kill(self.handle, options.whole(number, 0, 2 ^ 31 - 1) or -1)
  if code ~= OK then
    return nil, status.describe(code)
  end
  return true
end

---Closes one direction; a light thread that waits on it gets nil, "aborted". Never yields.
---@param direction "stdin"|"stdout"|"stderr"
---@return boolean? ok
---@return string? err "merged to stdout", "closed"
function methods:shutdown(direction)
  if getmetatable(self) ~= Process then
    error("not a process instance", 2)
  end
  local channel = directions[direction]
  if not channel then
    error("bad shutdown arg: " .. tostring(direction), 2)
  end
  local code = C.pipe_shutdown(self.handle, channel)
  scheduler.stir()
  if code ~= OK then
    return nil, status.describe(code)
  end
  return true
end

---Kills the child with SIGKILL if it lives, and frees everything now; pending operations get nil, "aborted". Never
---yields.
---@return true
function methods:close()
  if getmetatable(self) ~= Process then
    error("not a process instance", 2)
  end
  C.pipe_process_close(self.handle)
  scheduler.stir()
  return true
end

---@return string text "process (pid 123)"
function Process:__tostring()
  return ("process (pid %d)"):format(C.pipe_process_pid(self.handle))
end

return process
