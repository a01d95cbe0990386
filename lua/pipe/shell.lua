-- The API of lua-resty-shell, and quoting for /bin/sh.

local options = require("pipe.options")
local run = require("pipe.run")
local writer = require("pipe.writer")

local shell = {}

local DEFAULT_TIMEOUT = 10000
local DEFAULT_MAX_SIZE = 128 * 1024

-- As there: of too much data one byte too many is told, and a command that is about to end by itself may, which brings
-- the other output to its end.
local EXCESS = 1
local PATIENCE = 100

local function read(stdin, timeout, max_size)
  local settings = run.settings()
  settings.timeout = options.timeout(timeout == nil and DEFAULT_TIMEOUT or timeout)
  settings.max_output = options.whole(max_size == nil and DEFAULT_MAX_SIZE or max_size, 0)
  if not settings.timeout then
    return nil, "bad timeout arg"
  elseif not settings.max_output then
    return nil, "bad max_size arg"
  end
  settings.kept_output, settings.patience = settings.max_output + EXCESS, PATIENCE
  if stdin ~= nil then
    local input, problem = writer.copy(stdin, "stdin arg")
    if not input then
      return nil, problem
    end
    settings.input = input
  end
  return settings
end

---Runs a command to its end. **Yields.** A bad argument throws, before anything has been started.
---@param cmd string|(string|number)[] a command for /bin/sh, or a program and its arguments
---@param stdin (string|(string|number)[])? what the command reads; by default nothing
---@param timeout number? ms for the whole command; 10000 by default; 0: none
---@param max_size number? bytes of each output; 131072 by default
---@return boolean? ok true for exit code 0, false for another or a signal; nil for what kept it from its end
---@return string? stdout what was read; one byte more than `max_size` where that was too much
---@return string? stderr
---@return string reason "exit" or "signal"; "failed to wait for process: timeout" and the like
---@return integer? status the exit code or the signal's number
function shell.run(cmd, stdin, timeout, max_size)
  local settings, problem = read(stdin, timeout, max_size)
  if not settings then
    error(problem, 2)
  end
  local served, message = run.serve(cmd, settings)
  if served == false then
    error(message, 2)
  elseif not served then
    return nil, nil, nil, "failed to spawn: " .. message
  end
  local stdout, stderr = run.texts(served)
  local first, second = served.outputs[1], served.outputs[2]
  if served.timed_out then
    return nil, stdout, stderr, "failed to wait for process: timeout"
  elseif served.error then
    return nil, stdout, stderr, served.error
  elseif first.cut or second.cut then
    return nil, stdout, stderr, ("failed to read %s: too much data"):format((first.cut and first or second).name)
  elseif served.ok == nil then
    return nil, stdout, stderr, "failed to wait for process: " .. served.reason
  end
  return served.ok, stdout, stderr, served.reason, served.status
end

local function quoted(arg, index)
  local kind = type(arg)
  if kind ~= "string" and kind ~= "number" then
    return nil, ("bad argument #%d to 'quote' (string expected, got %s)"):format(index, kind)
  end
  local text = tostring(arg)
  if text:find("\0", 1, true) then
    return nil, ("bad argument #%d to 'quote' (string without NUL expected)"):format(index)
  end
  -- Nothing is special between single quotes but the next one.
  return "'" .. text:gsub("'", "'\\''") .. "'"
end

---Quotes strings for /bin/sh, as one word each, with a space in between. Numbers are taken; anything else, and a NUL
---byte, throws. Never yields.
---@param ... string|number
---@return string text
function shell.quote(...)
  local words = {}
  for i = 1, select("#", ...) do
    local word, problem = quoted((select(i, ...)), i)
    if not word then
      error(problem, 2)
    end
    words[i] = word
  end
  return table.concat(words, " ")
end

return shell
