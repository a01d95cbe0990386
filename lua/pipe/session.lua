-- The options process_group, detached, pty, subreaper and parent_death_signal: how the child stands to the host, to
-- other processes and to a terminal.

local bit = require("bit")
local C = require("pipe.clib")
local number = require("pipe.number")
local signum = require("pipe.signum")

local session = {}

local DEFAULT_ROWS, DEFAULT_COLUMNS = 24, 80
local LONGEST_SIDE = 65535 -- the kernel's winsize has 16 bits for each
local HIGHEST_SIGNAL = 64

local function set(core, flag, wanted)
  if wanted then
    core.flags = bit.bor(core.flags, flag)
  end
end

---@param value any a number of rows or columns
---@return integer? value nil where no terminal can have so many
function session.side(value)
  return number.whole(value, 1, LONGEST_SIDE)
end

local function read_pty(core, opts)
  local pty = opts.pty
  if not pty then
    return
  elseif pty ~= true and type(pty) ~= "table" then
    return "true or table expected, got " .. type(pty)
  elseif opts.stdin ~= nil or opts.stdout ~= nil or opts.stderr ~= nil then
    return "not together with the options stdin, stdout and stderr"
  elseif opts.detached then
    return "not together with the option detached: the terminal hangs up when the host lets go of it"
  end
  local size = pty == true and {} or pty
  local rows = session.side(size.rows == nil and DEFAULT_ROWS or size.rows)
  local columns = session.side(size.cols == nil and DEFAULT_COLUMNS or size.cols)
  if not rows or not columns then
    return ("%s: whole number from 1 to %d expected"):format(rows and "cols" or "rows", LONGEST_SIDE)
  end
  core.rows, core.columns, core.flags = rows, columns, bit.bor(core.flags, C.PIPE_SPAWN_PTY)
end

local function read_death_signal(core, value)
  local signal = type(value) == "string" and signum[value] or number.whole(value, 1, HIGHEST_SIGNAL)
  if not signal then
    return ("number from 1 to %d or signal name expected, got %s"):format(HIGHEST_SIGNAL, tostring(value))
  end
  core.death_signal, core.flags = signal, bit.bor(core.flags, C.PIPE_SPAWN_DEATH_SIGNAL)
end

---@param plan pipe.Plan
---@param opts pipe.SpawnOptions
---@return string? problem
function session.read(plan, opts)
  local core = plan.options
  set(core, C.PIPE_SPAWN_GROUP, opts.process_group)
  set(core, C.PIPE_SPAWN_DETACHED, opts.detached)
  set(core, C.PIPE_SPAWN_SUBREAPER, opts.subreaper)
  local problem = read_pty(core, opts)
  if problem then
    return "bad pty option: " .. problem
  end
  problem = opts.parent_death_signal ~= nil and read_death_signal(core, opts.parent_death_signal)
  if problem then
    return "bad parent_death_signal option: " .. problem
  end
end

return session
