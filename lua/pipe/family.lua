-- A child and its descendants. Who has been found stays within reach, also when its parent has gone.

local ffi = require("ffi")
local C = require("pipe.clib")

local family = {}

---Takes hold of a child and all that descend from it now.
---@param process pipe.Process
---@return ffi.cdata*? tree
---@return integer? code PIPE_EXITED, or a negative errno
function family.open(process)
  local out = ffi.new("pipe_family *[1]")
  local code = C.pipe_family_open(process.handle, out)
  if code ~= C.PIPE_OK then
    return nil, code
  end
  return ffi.gc(out[0], C.pipe_family_free)
end

---Signals those that live, and their descendants of now.
---@param tree ffi.cdata*
---@param number integer
---@return integer code PIPE_OK, PIPE_EXITED, PIPE_INVALID_SIGNAL, or a negative errno
function family.signal(tree, number)
  return C.pipe_family_signal(tree, number)
end

---@param tree ffi.cdata*
---@return boolean alive whether one of those that were found last still lives
function family.alive(tree)
  return C.pipe_family_living(tree) > 0
end

---@param tree ffi.cdata*
function family.free(tree)
  C.pipe_family_free(ffi.gc(tree, nil))
end

return family
