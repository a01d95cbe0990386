-- A kernel pipe between children, or a file that they share. The host holds it only until those have started who share
-- it.

local ffi = require("ffi")
local C = require("pipe.clib")
local status = require("pipe.status")

local joint = {}

joint.READING, joint.WRITING = 0, 1

local LARGEST = 2 ^ 31 - 1

local function try(open, out)
  local code = open(out)
  if code == C.PIPE_OK then
    return ffi.gc(out[0], C.pipe_joint_free)
  end
  return nil, status.describe(code)
end

-- By a function of the core.
local function make(open)
  local out = ffi.new("pipe_joint *[1]")
  local joined, message, code = try(open, out)
  if code == "EMFILE" or code == "ENFILE" then
    collectgarbage() -- forgotten processes may hold the descriptors we need
    joined, message, code = try(open, out)
  end
  return joined, message, code
end

---@param capacity number? in bytes, where the kernel allows it; else its default
---@return ffi.cdata*? joined
---@return string? message
---@return string? code the errno's name
function joint.open(capacity)
  local joined, message, code = make(function(out)
    return C.pipe_joint_open(math.min(capacity or 0, LARGEST), out)
  end)
  if not joined then
    return nil, "failed to open a pipe: " .. message, code
  end
  return joined
end

---A file instead, as its writing end.
---@param path string
---@param access integer of enum pipe_access
---@return ffi.cdata*? joined
---@return string? message
---@return string? code the errno's name
function joint.open_file(path, access)
  local joined, message, code = make(function(out)
    return C.pipe_joint_open_file(path, access, out)
  end)
  if not joined then
    return nil, ("failed to open '%s': %s"):format(path, message), code
  end
  return joined
end

---@param joined ffi.cdata*
---@param which integer joint.READING or joint.WRITING
---@return integer fd the joint's own
function joint.fd(joined, which)
  return C.pipe_joint_end(joined, which)
end

---Closes both ends; children keep theirs.
---@param joined ffi.cdata*?
function joint.free(joined)
  if joined then
    C.pipe_joint_free(ffi.gc(joined, nil))
  end
end

return joint
