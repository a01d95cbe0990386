-- pipe.run: a program from its start to its end, in one call.

local crew = require("pipe.crew")
local options = require("pipe.options")
local process = require("pipe.process")
local scheduler = require("pipe.scheduler")
local terminate = require("pipe.terminate")
local writer = require("pipe.writer")

local run = {}

local DEFAULT_DRAIN_TIMEOUT = 100
-- More than is in a pipe and in our buffer: 16 pages, of 64 KiB at most, and the kernel rounds pipe_size up to a power
-- of two.
local LEAST_CAPACITY = 2 ^ 21

---@class pipe.RunOptions: pipe.SpawnOptions the four timeouts are not for it
---@field input (string|number|(string|number)[]|fun():string?)? what the child reads; by default nothing
---@field timeout number? ms for the whole run; none by default
---@field grace number? ms between TERM and KILL when its tree is ended; 2000 by default
---@field max_output number? bytes of each output; more ends the tree
---@field on_stdout fun(piece: string)? gets each piece instead of `stdout`
---@field on_stderr fun(piece: string)? gets each piece instead of `stderr`
---@field drain_timeout number? ms that a grandchild may hold an output after the exit; 100 by default

---@class pipe.RunResult
---@field ok boolean exit code 0, in time, and nothing cut off
---@field reason string "exit" or "signal"; "exit status lost"
---@field status integer?
---@field stdout string? nil where it went elsewhere
---@field stderr string?
---@field pid integer
---@field rusage pipe.Usage?
---@field timed_out boolean
---@field truncated boolean
---@field error string? what the system has refused while the child ran
---@field code string? the errno's name

---@class pipe.RunSettings
---@field input string|string[]|function|nil
---@field timeout number ms; 0: none
---@field grace number ms
---@field drain_timeout number ms
---@field max_output number bytes
---@field kept_output number how many bytes are kept of a longer one
---@field patience number ms between a longer output and the end of the tree
---@field pipe_capacity number bytes, at least what a pipe may hold
---@field on_stdout function?
---@field on_stderr function?
---@field pty any

local function read_input(settings, opts)
  local input, problem = opts.input, nil
  if input == nil then
    return
  elseif opts.stdin ~= nil and opts.stdin ~= "pipe" then
    return "bad input option: not together with the option stdin"
  elseif type(input) ~= "function" then
    input, problem = writer.copy(input, "input option")
  end
  settings.input = input
  return problem
end

---How a run is served if nothing else is asked for: a fresh copy.
---@return pipe.RunSettings
function run.settings()
  return {
    timeout = 0, grace = terminate.DEFAULT_GRACE, drain_timeout = DEFAULT_DRAIN_TIMEOUT, max_output = math.huge,
    kept_output = math.huge, patience = 0, pipe_capacity = LEAST_CAPACITY,
  }
end

local function read_limits(settings, opts)
  settings.timeout = options.timeout(opts.timeout == nil and settings.timeout or opts.timeout)
  settings.grace = terminate.grace(opts.grace)
  settings.drain_timeout = options.timeout(opts.drain_timeout == nil and DEFAULT_DRAIN_TIMEOUT or opts.drain_timeout)
  settings.max_output = opts.max_output == nil and math.huge or options.whole(opts.max_output, 0)
  local bad = not settings.timeout and "timeout" or not settings.grace and "grace"
    or not settings.drain_timeout and "drain_timeout" or not settings.max_output and "max_output"
  if bad then
    return "bad " .. bad .. " option"
  end
  settings.pipe_capacity = LEAST_CAPACITY + 2 * (tonumber(opts.pipe_size) or 0)
end

local function read_callback(settings, opts, name)
  local callback = opts[name]
  if callback ~= nil and type(callback) ~= "function" then
    return ("bad %s option: function expected, got %s"):format(name, type(callback))
  end
  settings[name] = callback
end

local function read(opts)
  local settings = run.settings()
  if opts == nil then
    return settings
  elseif type(opts) ~= "table" then
    return nil, "bad opts arg: table expected, got " .. type(opts)
  end
  local foreign = opts.write_timeout ~= nil and "write_timeout" or opts.stdout_read_timeout ~= nil
    and "stdout_read_timeout" or opts.stderr_read_timeout ~= nil and "stderr_read_timeout"
    or opts.wait_timeout ~= nil and "wait_timeout"
  if foreign then
    return nil, ("bad %s option: not for pipe.run"):format(foreign)
  end
  local problem = read_input(settings, opts) or read_limits(settings, opts)
    or read_callback(settings, opts, "on_stdout") or read_callback(settings, opts, "on_stderr")
  if problem then
    return nil, problem
  end
  settings.pty = opts.pty
  settings.kept_output = settings.max_output
  return settings
end

local function spawn_options(opts)
  local changed = { write_timeout = 0, stdout_read_timeout = 0, stderr_read_timeout = 0, wait_timeout = 0 }
  if opts.input == nil and opts.stdin == nil and not opts.pty then
    changed.stdin = "null"
  end
  return setmetatable(changed, { __index = opts })
end

local function abort_served(task)
  task.served:abort()
end

-- What cuts the service short aborts it: an error, or the killing of the light thread that we are in. Nothing of it is
-- left in any case. No closure: LuaJIT does not compile what makes one, or only might.
local function protected(served)
  local task = scheduler.current
  if task then
    task.on_drop, task.served = abort_served, served
  end
  local ran, ok, reason, status = pcall(served.serve, served)
  if task then
    task.on_drop, task.served = nil, nil
  end
  if not ran then
    served:abort()
    error(ok, 0)
  elseif served.failure then
    error(served.failure[1], 0)
  end
  served:finish()
  return ok, reason, status
end

local function text(output)
  if not output.absent and not output.callback then
    return table.concat(output.pieces)
  end
end

---What the child has written there, as far as it has been kept.
---@param served pipe.Crew
---@return string? stdout nil where it went elsewhere
---@return string? stderr
function run.texts(served)
  return text(served.outputs[1]), text(served.outputs[2])
end

---Runs a program as `settings` say, for a caller who has to throw at another place. **Yields.**
---@param args string|(string|number)[]
---@param settings pipe.RunSettings
---@param opts pipe.SpawnOptions? nil: none, and no stdin without `settings.input`
---@return pipe.Crew|false|nil served by whom, once the child has started; false: `message` is a mistake of the caller's
---@return string? message
---@return string? code
function run.serve(args, settings, opts)
  local waiter, refusal = scheduler.waiter()
  if not waiter then
    return false, refusal
  end
  local proc, message, code
  if opts == nil then
    proc, message, code = process.try_spawn_quietly(args, settings.input ~= nil)
  else
    proc, message, code = process.try_spawn(args, spawn_options(opts))
  end
  if not proc then
    return proc, message, code
  end
  local served = crew.new(proc, settings)
  served.ok, served.reason, served.status = protected(served)
  return served
end

---Runs a program to its end: feeds its stdin, and reads both outputs meanwhile. **Yields.** A bad argument throws, and
---nothing has been started then; what a callback throws is thrown on, once the tree has been killed. Killing the light
---thread that runs it kills the tree.
---@param args string|(string|number)[] as for spawn()
---@param opts pipe.RunOptions?
---@return pipe.RunResult? res whenever the child has started
---@return string? err "failed to spawn 'no-such': No such file or directory"
---@return string? code the errno's name
function run.run(args, opts)
  local settings, problem = read(opts)
  if not settings then
    error(problem, 2)
  end
  local served, message, code = run.serve(args, settings, opts)
  if served == false then
    error(message, 2)
  elseif not served then
    return nil, message, code
  end
  local stdout, stderr = run.texts(served)
  return {
    ok = served.ok == true and not (served.timed_out or served.truncated or served.error),
    reason = served.reason,
    status = served.ok ~= nil and served.status or nil,
    stdout = stdout,
    stderr = stderr,
    pid = served.proc:pid(),
    rusage = (served.proc:rusage()),
    timed_out = served.timed_out,
    truncated = served.truncated,
    error = served.error,
    code = served.code,
  }
end

return run
