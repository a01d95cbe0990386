-- The process object: a child and the host's ends of its pipes.

local ffi = require("ffi")
local C = require("pipe.clib")
local engine = require("pipe.engine")
local failure = require("pipe.failure")
local options = require("pipe.options")
local scheduler = require("pipe.scheduler")
local session = require("pipe.session")
local status = require("pipe.status")

local OK = C.PIPE_OK

local process = {}

---@class pipe.Process
---@field package handle ffi.cdata* freed when it is collected, which kills a child that still lives
---@field package timeouts table<integer, number> ms, by channel
---@field package lent table<integer, ffi.cdata*|false>? what line.lua knows of the outputs, by channel
---@field stdout_read_all fun(self: pipe.Process): string?, string?, string?, string?
---@field stdout_read_line fun(self: pipe.Process): string?, string?, string?, string?
---@field stdout_read_bytes fun(self: pipe.Process, len: integer): string?, string?, string?, string?
---@field stdout_read_any fun(self: pipe.Process, max: integer): string?, string?, string?, string?
---@field stderr_read_all fun(self: pipe.Process): string?, string?, string?, string?
---@field stderr_read_line fun(self: pipe.Process): string?, string?, string?, string?
---@field stderr_read_bytes fun(self: pipe.Process, len: integer): string?, string?, string?, string?
---@field stderr_read_any fun(self: pipe.Process, max: integer): string?, string?, string?, string?
---@field stdout_lines fun(self: pipe.Process): fun(): string?
---@field stderr_lines fun(self: pipe.Process): fun(): string?
---@field write fun(self: pipe.Process, data: string|number|table): number?, string?, number?, string?
---@field wait fun(self: pipe.Process): boolean?, string, integer|string|nil
---@field try_wait fun(self: pipe.Process): boolean?, string, integer|string|nil
---@field rusage fun(self: pipe.Process): pipe.Usage?, string?, string?
---@field terminate fun(self: pipe.Process, grace_ms: number?): boolean?, string, integer|string|nil
---@field kill fun(self: pipe.Process, sig: integer|string): boolean?, string?, string?
---@field kill_tree fun(self: pipe.Process, sig: integer|string): boolean?, string?, string?
local methods = {}

-- A plain metatable, not ffi.metatype: that can be set only once in a Lua state, and modules get reloaded.
local Process = { __index = methods }

for _, part in ipairs { "reader", "lines", "writer", "exit", "terminate", "kill" } do
  require("pipe." .. part).install(Process, methods)
end

local directions = { stdin = C.PIPE_STDIN, stdout = C.PIPE_STDOUT, stderr = C.PIPE_STDERR }

-- One is enough: it is read before anything is allocated, so before a finalizer can run that spawns too.
local out = ffi.new("pipe_process *[1]")
local new_failure = ffi.typeof("pipe_failure")

-- The process's handle, or nil, message, code.
local function start(plan)
  local loop, message, code = engine.open()
  if not loop then
    return nil, ("failed to spawn '%s': %s"):format(plan.file, message), code
  end
  local place = new_failure()
  local result = C.pipe_spawn(loop, plan.options, place, out)
  if result == OK then
    return ffi.gc(out[0], C.pipe_process_free)
  end
  message, code = status.describe(result)
  return nil, failure.describe(plan, place, message), code
end

-- What options.plan() and its like have made, or the failure of that.
local function carry_out(plan, problem, code)
  if not plan then
    return plan, problem, code
  end
  local handle, message
  handle, message, code = start(plan)
  if code == "EMFILE" or code == "ENFILE" then
    collectgarbage() -- forgotten processes may hold the descriptors we need
    handle, message, code = start(plan)
  end
  if not handle then
    return nil, message, code
  end
  return setmetatable({ handle = handle, timeouts = plan.timeouts }, Process)
end

---As spawn(), for those who throw at their own caller's line.
---@param args string|(string|number)[]
---@param opts pipe.SpawnOptions?
---@return pipe.Process|false|nil proc nil: the world refused; false: the caller is wrong
---@return string? err why the world refused, or what to throw
---@return string? code
function process.try_spawn(args, opts)
  return carry_out(options.plan(args, opts))
end

---The same, without options, without timeouts, and without stdin unless one is wanted.
---@param args string|(string|number)[]
---@param with_stdin boolean
---@return pipe.Process|false|nil proc
---@return string? err
---@return string? code
function process.try_spawn_quietly(args, with_stdin)
  return carry_out(options.plan_quietly(args, with_stdin))
end

---Starts a program, with pipes at its stdin, stdout and stderr where `opts` has nothing else. Never yields. Throws for
---bad arguments, before anything has been started. An array is a program, looked up in the host's PATH, and its
---arguments; a string is a command for /bin/sh.
---@param args string|(string|number)[]
---@param opts pipe.SpawnOptions?
---@return pipe.Process? proc
---@return string? err "failed to spawn 'no-such': No such file or directory"
---@return string? code the errno's name, "ENOENT"
function process.spawn(args, opts)
  local proc, message, code = process.try_spawn(args, opts)
  if proc then
    return proc
  elseif proc == false then
    error(message, 2)
  end
  return nil, message, code
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
  for channel = C.PIPE_STDIN, C.PIPE_EXIT do
    self.timeouts[channel] = values[channel] or self.timeouts[channel]
  end
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

---Sets the size of the child's terminal; it gets SIGWINCH. Never yields.
---@param rows integer 1 to 65535
---@param cols integer 1 to 65535
---@return boolean? ok
---@return string? err "not a pty", "closed", or a system error's text
---@return string? code the errno's name
function methods:resize(rows, cols)
  if getmetatable(self) ~= Process then
    error("not a process instance", 2)
  elseif not session.side(rows) then
    error("bad rows arg: whole number from 1 to 65535 expected, got " .. tostring(rows), 2)
  elseif not session.side(cols) then
    error("bad cols arg: whole number from 1 to 65535 expected, got " .. tostring(cols), 2)
  end
  local code = C.pipe_resize(self.handle, rows, cols)
  if code == C.PIPE_NOT_A_PIPE then
    return nil, "not a pty"
  elseif code ~= OK then
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

---@param value any
---@return boolean
function process.is(value)
  return getmetatable(value) == Process
end

---@return string text "process (pid 123)"
function Process:__tostring()
  return ("process (pid %d)"):format(C.pipe_process_pid(self.handle))
end

return process
