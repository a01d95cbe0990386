-- What the caller asks of spawn: checked, and turned into the core's form. Nothing here throws: a caller's mistake
-- comes back as a text, which the public function throws at the caller's line.

local ffi = require("ffi")
local C = require("pipe.clib")
local credentials = require("pipe.credentials")
local descriptors = require("pipe.descriptors")
local engine = require("pipe.engine")
local environment = require("pipe.environment")
local limits = require("pipe.limits")
local number = require("pipe.number")
local session = require("pipe.session")
local strings = require("pipe.strings")

local options = {}

local new_options = ffi.typeof("pipe_spawn_options")

local DEFAULT_BUFFER_SIZE = 4096
local DEFAULT_TIMEOUT = 10000
local LONGEST_TIMEOUT = 2 ^ 32 - 1
local LARGEST_PIPE = 2 ^ 31 - 1

---The option that holds each channel's timeout.
options.timeout_names = {
  [C.PIPE_STDIN] = "write_timeout",
  [C.PIPE_STDOUT] = "stdout_read_timeout",
  [C.PIPE_STDERR] = "stderr_read_timeout",
  [C.PIPE_EXIT] = "wait_timeout",
}

---A whole number between `least` and `most`; numeric strings are taken, as ngx.pipe does.
---@param value any
---@param least number
---@param most number?
---@return number? number nil for anything else, NaN and infinity included
function options.whole(value, least, most)
  return number.whole(tonumber(value), least, most)
end

---A fraction is rounded up: it is often `seconds * 1000`, and half a millisecond must not become 0, which is never.
---@param value any
---@return number? ms nil for what is no timeout
function options.timeout(value)
  if type(value) == "number" and value >= 0 and value <= LONGEST_TIMEOUT then
    return math.ceil(value)
  end
end

-- A copy, and its pointers; or nil and the problem.
local function arguments(args)
  if type(args) == "string" then
    if strings.problem(args) then
      return nil, "bad args arg: " .. strings.problem(args)
    end
    return strings.few { "/bin/sh", "-c", "--", args } -- "--": the command may begin with a dash
  elseif type(args) ~= "table" then
    return nil, "bad args arg: table expected, got " .. type(args)
  elseif args[1] == nil then
    return nil, "bad args arg: non-empty table expected"
  end
  local argv, pointers = strings.few(args)
  if argv then
    return argv, pointers
  end
  local problem
  argv, problem = strings.copy(args, "args arg", true)
  return argv, argv and strings.pointers(argv) or problem
end

-- By channel: they are 0 to 3.
local function default_timeouts()
  return { [0] = DEFAULT_TIMEOUT, DEFAULT_TIMEOUT, DEFAULT_TIMEOUT, DEFAULT_TIMEOUT }
end

-- Here and below without loops over what is always the same: LuaJIT does not compile what is around one.
local function read_timeout(plan, opts, channel)
  local name = options.timeout_names[channel]
  local value = opts[name]
  if value ~= nil then
    local ms = options.timeout(value)
    if not ms then
      return "bad " .. name .. " option"
    end
    plan.timeouts[channel] = ms
  end
end

local function read_timeouts(plan, opts)
  return read_timeout(plan, opts, C.PIPE_STDIN) or read_timeout(plan, opts, C.PIPE_STDOUT)
    or read_timeout(plan, opts, C.PIPE_STDERR) or read_timeout(plan, opts, C.PIPE_EXIT)
end

local function read_sizes(plan, opts)
  if opts.buffer_size ~= nil then
    local size = options.whole(opts.buffer_size, 1)
    if not size then
      return "bad buffer_size option"
    end
    plan.options.buffer_size = math.min(size, engine.LONGEST_STRING)
  end
  if opts.pipe_size ~= nil then
    local size = number.whole(opts.pipe_size, 1)
    if not size then
      return "bad pipe_size option: whole number of at least 1 expected, got " .. tostring(opts.pipe_size)
    end
    plan.options.pipe_size = math.min(size, LARGEST_PIPE)
  end
end

local function read_directory(plan, opts)
  local cwd = opts.cwd
  if cwd ~= nil then
    local problem = strings.problem(cwd)
    if problem then
      return "bad cwd option: " .. problem
    end
    plan.cwd, plan.options.cwd = cwd, cwd
  end
end

-- Each fills in its options, or returns the caller's mistake.
local function read_each(plan, opts)
  return read_sizes(plan, opts) or environment.read(plan, opts) or read_timeouts(plan, opts)
    or read_directory(plan, opts) or descriptors.read(plan, opts) or credentials.read(plan, opts)
    or limits.read(plan, opts) or session.read(plan, opts)
end

---Where a stream of the child goes, or comes from: a pipe to the host, /dev/null, what the host has at that number, a
---descriptor of the host, a Lua file (flushed first), or a file by its path.
---@alias pipe.Stream "pipe"|"null"|"inherit"|integer|file*|pipe.File

---A file that the host opens for the child.
---@class pipe.File
---@field file string its path, relative to the host's directory
---@field mode "r"|"w"|"a"|nil as io.open's; "w" and "a" make it if it is missing. "r" for stdin and `fds`, else "w"

---The size of a terminal.
---@class pipe.Size
---@field rows integer? 1 to 65535; 24 by default
---@field cols integer? 1 to 65535; 80 by default

---@alias pipe.Limit integer|"unlimited" a whole number from 0 on, in the unit of setrlimit(2); math.huge is "unlimited"

---@class pipe.SpawnOptions
---@field cwd string? the child's directory, from which a relative program is found too; the host's by default
---@field environ string[]? array of "NAME=value": the child's whole environment; the host's by default
---@field env table<string, string|number|false>? laid over that: false removes a variable
---@field stdin pipe.Stream? "pipe" by default
---@field stdout pipe.Stream? "pipe" by default
---@field stderr pipe.Stream|"stdout"|nil "stdout": where the child's stdout goes; "pipe" by default
---@field merge_stderr boolean? the same as stderr = "stdout"; false by default
---@field fds table<integer, pipe.Stream>? more descriptors of the child by their numbers, 3 and up; no "pipe"
---@field process_group boolean? it leads its own process group, and every kill reaches all of it; false by default
---@field detached boolean? its own session; it outlives the handle and the host, unless closed; false by default
---@field pty true|pipe.Size|nil stdin, stdout and stderr are a terminal of its own; none by default
---@field uid integer|string|nil user, 0 to 2^32-2 or a name; another than the host's has its own group and groups
---@field gid integer|string|nil group, 0 to 2^32-2 or a name; without uid and groups, another than the host's has none
---@field groups (integer|string)[]? the supplementary groups, instead of those
---@field rlimits table<string, pipe.Limit|pipe.Limit[]>? soft and hard limit, by setrlimit(2)'s names: {nofile = 256,
---cpu = {10, 20}}
---@field nice integer? the nice value itself, -20 to 19
---@field umask integer|string|nil 0 to 511, or octal digits: "022"
---@field affinity integer[]|"all"|nil the processors it may run on, 0 to 8191 each; the host's by default
---@field subreaper boolean? orphans below the child stay below it while it lives; false by default
---@field parent_death_signal integer|string|nil what it gets when the host's thread ends: 1 to 64, or a name: "TERM"
---@field pipe_size integer? capacity of the pipes in bytes, at least 1, where the kernel allows it; else its default
---@field buffer_size number? a read buffer's first size in bytes, at least 1; 4096 by default. It limits no result
---@field write_timeout number? ms (fractions are rounded up), 0 to 2^32-1; 0 never times out; 10000 by default
---@field stdout_read_timeout number? as write_timeout
---@field stderr_read_timeout number? as write_timeout
---@field wait_timeout number? as write_timeout

---@class pipe.Plan
---@field file string what is started
---@field options ffi.cdata* pipe_spawn_options; valid as long as the plan, whose other fields anchor what it points to
---@field timeouts table<integer, number> ms, by channel

local function read_all(plan, opts)
  local problem = read_each(plan, opts)
  if problem then
    return false, problem
  end
  -- What the world may refuse, and what has an effect: only when all options are good.
  local message, code = credentials.resolve(plan)
  if not message then
    message, code = descriptors.resolve(plan)
  end
  if message then
    return nil, message, code
  end
  return plan
end

-- Without any options: three pipes. Or false and the problem.
local function plan_program(args)
  local argv, pointers = arguments(args)
  if not argv then
    return false, pointers
  end
  local core = new_options()
  local plan = { file = argv[1], argv = argv, c_argv = pointers, options = core, timeouts = default_timeouts(),
    wishes = false, descriptors = false }
  core.file, core.argv, core.buffer_size = plan.file, plan.c_argv, DEFAULT_BUFFER_SIZE
  return plan
end

---Three outcomes: a plan; false and the caller's mistake, before anything has happened; nil and why the world refused.
---@param args string|table
---@param opts pipe.SpawnOptions?
---@return pipe.Plan|false|nil plan
---@return string? problem_or_message
---@return string? code
function options.plan(args, opts)
  local plan, problem = plan_program(args)
  if not plan then
    return plan, problem
  elseif opts ~= nil and type(opts) ~= "table" then
    return false, "bad opts arg: table expected, got " .. type(opts)
  elseif opts == nil then
    return plan
  end
  return read_all(plan, opts)
end

---The plan of a program that no option has been given for, and that is served without timeouts: what a run most often
---is. LuaJIT compiles no trace that asks for all options.
---@param args string|table
---@param with_stdin boolean a pipe; else /dev/null
---@return pipe.Plan|false plan
---@return string? problem
function options.plan_quietly(args, with_stdin)
  local plan, problem = plan_program(args)
  if not plan then
    return plan, problem
  end
  plan.timeouts = { [0] = 0, 0, 0, 0 }
  if not with_stdin then
    plan.descriptors = descriptors.outputs_only
    plan.options.descriptors, plan.options.descriptor_count = plan.descriptors, 3
  end
  return plan
end

return options
