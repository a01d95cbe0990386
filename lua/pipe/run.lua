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

local NONE = { bytes = 0, ms = 0 }

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

local function read_limits(settings, opts)
  settings.timeout = options.timeout(opts.timeout == nil and 0 or opts.timeout)
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

local function read(opts, leniency)
  if type(opts) ~= "table" then
    return nil, "bad opts arg: table expected, got " .. type(opts)
  end
  local foreign = opts.write_timeout ~= nil and "write_timeout" or opts.stdout_read_timeout ~= nil
    and "stdout_read_timeout" or opts.stderr_read_timeout ~= nil and "stderr_read_timeout"
    or opts.wait_timeout ~= nil and "wait_timeout"
  if foreign then
    return nil, ("bad %s option: not for pipe.run"):format(foreign)
  end
  local settings = {}
  local problem = read_input(settings, opts) or read_limits(settings, opts)
    or read_callback(settings, opts, "on_stdout") or read_callback(settings, opts, "on_stderr")
  if problem then
    return nil, problem
  end
  settings.pty = opts.pty
  settings.kept_output = settings.max_output + leniency.bytes
  settings.patience = leniency.ms
  return settings
end

local function spawn_options(opts)
  local changed = { write_timeout = 0, stdout_read_timeout = 0, stderr_read_timeout = 0, wait_timeout = 0 }
  if opts.input == nil and opts.stdin == nil and not opts.pty then
    changed.stdin = "null"
  end
  return setmetatable(changed, { __index = opts })
end

-- What cuts the service short aborts it: an error, or the killing of the light thread that we are in. Nothing of it is
-- left in any case.
local function protected(served)
  local task = scheduler.current
  if task then
    task.on_drop = function() served:abort() end
  end
  local ran, ok, reason, status = pcall(served.serve, served)
  if task then
    task.on_drop = nil
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

---pipe.run(), for a caller who has to throw at another place, and wants to know more.
---@param args string|(string|number)[]
---@param opts pipe.RunOptions?
---@param leniency { bytes: number, ms: number }? with more than max_output: how many bytes of it are kept, and how long
---the child may take to end by itself; nothing by default
---@return pipe.RunResult|false|nil res false: `message` is a mistake of the caller's
---@return pipe.Crew|string message when there is a result, who served the child
---@return string? code
function run.attempt(args, opts, leniency)
  local settings, problem = read(opts == nil and {} or opts, leniency or NONE)
  if not settings then
    return false, problem
  end
  local waiter, refusal = scheduler.waiter()
  if not waiter then
    return false, refusal
  end
  local proc, message, code = process.try_spawn(args, spawn_options(opts or {}))
  if not proc then
    return proc, message, code
  end
  local served = crew.new(proc, settings)
  local ok, reason, status = protected(served)
  return {
    ok = ok == true and not served.timed_out and not served.truncated,
    reason = reason,
    status = ok ~= nil and status or nil,
    stdout = text(served.outputs[1]),
    stderr = text(served.outputs[2]),
    pid = proc:pid(),
    rusage = (proc:rusage()),
    timed_out = served.timed_out,
    truncated = served.truncated,
  }, served
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
  local res, message, code = run.attempt(args, opts)
  if res then
    return res
  elseif res == false then
    error(message, 2)
  end
  return nil, message, code
end

return run
