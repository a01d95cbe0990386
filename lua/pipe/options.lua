-- What the caller asks of spawn: checked, and turned into the core's form. Nothing here throws: a caller's mistake
-- comes back as a text, which the public function throws at the caller's line.

local ffi = require("ffi")
local C = require("pipe.clib")
local engine = require("pipe.engine")

local options = {}

local DEFAULT_TIMEOUT = 10000
local LONGEST_TIMEOUT = 2 ^ 32 - 1

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
  local number = tonumber(value)
  -- The remainder of infinity is NaN, and NaN equals nothing.
  if number and number % 1 == 0 and number >= least and (not most or number <= most) then
    return number
  end
end

---A fraction is rounded up: it is often `seconds * 1000`, and half a millisecond must not become 0, which is never.
---@param value any
---@return number? ms nil for what is no timeout
function options.timeout(value)
  if type(value) == "number" and value >= 0 and value <= LONGEST_TIMEOUT then
    return math.ceil(value)
  end
end

local function has_nul(text)
  return text:find("\0", 1, true)
end

-- `what` is an array's name in messages. Its first nil ends it.
local function copy_strings(array, what, numbers_too)
  local strings = {}
  local i, value = 1, array[1]
  while value ~= nil do
    if numbers_too and type(value) == "number" then
      value = tostring(value)
    elseif type(value) ~= "string" then
      return nil, ("bad value at index %d of %s: string expected, got %s"):format(i, what, type(value))
    end
    if has_nul(value) then
      return nil, ("bad value at index %d of %s: string without NUL expected"):format(i, what)
    end
    strings[i] = value
    i = i + 1
    value = array[i]
  end
  return strings
end

local function arguments(args)
  if type(args) == "string" then
    if has_nul(args) then
      return nil, "bad args arg: string without NUL expected"
    end
    return { "/bin/sh", "-c", "--", args } -- "--": the command may begin with a dash
  elseif type(args) ~= "table" then
    return nil, "bad args arg: table expected, got " .. type(args)
  elseif args[1] == nil then
    return nil, "bad args arg: non-empty table expected"
  end
  return copy_strings(args, "args arg", true)
end

local function environment(environ)
  if type(environ) ~= "table" then
    return nil, "bad environ option: table expected, got " .. type(environ)
  end
  local given, problem = copy_strings(environ, "environ option")
  if not given then
    return nil, problem
  end
  local variables, place = {}, {}
  for i, variable in ipairs(given) do
    local equals = variable:find("=", 2, true)
    if not equals then
      return nil, ("bad value at index %d of environ option: 'name=[value]' format expected, got '%s'"):format(
        i, variable)
    end
    local name = variable:sub(1, equals - 1)
    place[name] = place[name] or #variables + 1
    variables[place[name]] = variable -- of equal names the last wins
  end
  return variables
end

local function timeouts(opts)
  local values = {}
  for channel, name in pairs(options.timeout_names) do
    local value = opts[name]
    values[channel] = value == nil and DEFAULT_TIMEOUT or options.timeout(value)
    if not values[channel] then
      return nil, "bad " .. name .. " option"
    end
  end
  return values
end

local function c_strings(strings)
  local array = ffi.new("const char *[?]", #strings + 1)
  for i, text in ipairs(strings) do
    array[i - 1] = text
  end
  return array
end

---@class pipe.SpawnOptions
---@field merge_stderr boolean? the child's stderr goes where its stdout goes; false by default
---@field buffer_size number? a read buffer's first size in bytes, at least 1; 4096 by default. It limits no result
---@field environ string[]? array of "NAME=value": the child's whole environment; the host's by default
---@field write_timeout number? ms (fractions are rounded up), 0 to 2^32-1; 0 never times out; 10000 by default
---@field stdout_read_timeout number? as write_timeout
---@field stderr_read_timeout number? as write_timeout
---@field wait_timeout number? as write_timeout

---@class pipe.Plan
---@field file string what is started
---@field options ffi.cdata* pipe_spawn_options; valid as long as the plan, which anchors all that it points to
---@field timeouts table<integer, number> by channel

---@param args string|table
---@param opts pipe.SpawnOptions?
---@return pipe.Plan? plan
---@return string? problem
function options.plan(args, opts)
  local argv, problem = arguments(args)
  if not argv then
    return nil, problem
  end
  opts = opts == nil and {} or opts
  if type(opts) ~= "table" then
    return nil, "bad opts arg: table expected, got " .. type(opts)
  end
  local buffer_size = options.whole(opts.buffer_size == nil and 4096 or opts.buffer_size, 1)
  if not buffer_size then
    return nil, "bad buffer_size option"
  end
  local envp
  if opts.environ ~= nil then
    envp, problem = environment(opts.environ)
    if not envp then
      return nil, problem
    end
  end
  local limits
  limits, problem = timeouts(opts)
  if not limits then
    return nil, problem
  end

  local plan = { file = argv[1], argv = argv, envp = envp, timeouts = limits }
  plan.c_argv, plan.c_envp = c_strings(argv), envp and c_strings(envp)
  local core = ffi.new("pipe_spawn_options")
  core.file, core.argv, core.envp = plan.file, plan.c_argv, plan.c_envp
  core.buffer_size = math.min(buffer_size, engine.LONGEST_STRING)
  core.merge_stderr = opts.merge_stderr and 1 or 0
  plan.options = core
  return plan
end

return options
