-- What to say of a spawn that failed: the culprit, then the reason.

local ffi = require("ffi")
local bit = require("bit")
local C = require("pipe.clib")
local descriptors = require("pipe.descriptors")
local limits = require("pipe.limits")

local failure = {}

local SESSION_FLAGS = bit.bor(C.PIPE_SPAWN_DETACHED, C.PIPE_SPAWN_PTY)

local function program(plan)
  return ("spawn '%s'"):format(plan.file)
end

local function descriptor(plan, index)
  local wanted = plan.descriptors and plan.descriptors[index]
  if not wanted then
    return program(plan)
  end
  local target = descriptors.names[wanted.number] or wanted.number
  if wanted.source == C.PIPE_SOURCE_FILE then
    return ("open '%s'"):format(ffi.string(wanted.path))
  elseif wanted.source == C.PIPE_SOURCE_FD then
    return ("pass descriptor %d as %s"):format(wanted.fd, target)
  elseif wanted.source == C.PIPE_SOURCE_NULL then
    return ("pass /dev/null as %s"):format(target)
  end
  return program(plan)
end

-- By step: what could not be done. Steps that are not here are about the program.
local deeds = {
  [C.PIPE_STEP_DIRECTORY] = function(plan)
    return ("enter directory '%s'"):format(plan.cwd)
  end,
  [C.PIPE_STEP_DESCRIPTOR] = descriptor,
  [C.PIPE_STEP_SESSION] = function(plan)
    return bit.band(plan.options.flags, SESSION_FLAGS) ~= 0 and "start a session" or "start a process group"
  end,
  [C.PIPE_STEP_PTY] = "open a pty",
  [C.PIPE_STEP_GROUPS] = "set groups",
  [C.PIPE_STEP_GID] = function(plan)
    return ("set gid %d"):format(plan.options.gid)
  end,
  [C.PIPE_STEP_UID] = function(plan)
    return ("set uid %d"):format(plan.options.uid)
  end,
  [C.PIPE_STEP_LIMIT] = function(plan, index)
    return "set rlimit " .. limits.names[plan.limits[index].resource]
  end,
  [C.PIPE_STEP_NICE] = "set nice",
  [C.PIPE_STEP_AFFINITY] = "set affinity",
  [C.PIPE_STEP_SUBREAPER] = "set subreaper",
  [C.PIPE_STEP_DEATH_SIGNAL] = "set parent_death_signal",
}

---@param plan pipe.Plan what was to be started
---@param place ffi.cdata* pipe_failure
---@param reason string the system error's text
---@return string message
function failure.describe(plan, place, reason)
  local deed = deeds[place.step] or program
  if type(deed) == "function" then
    deed = deed(plan, place.index)
  end
  return ("failed to %s: %s"):format(deed, reason)
end

return failure
