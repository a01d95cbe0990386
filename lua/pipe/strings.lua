-- Strings on their way to C: no NUL in them, since it would cut them off silently, and arrays that end with NULL.

local ffi = require("ffi")

local strings = {}

---What keeps `value` from being a C string; nil when nothing does.
---@param value any
---@return string? problem
function strings.problem(value)
  if type(value) ~= "string" then
    return "string expected, got " .. type(value)
  elseif value:find("\0", 1, true) then
    return "string without NUL expected"
  end
end

---A copy up to the first nil.
---@param array table
---@param what string the array's name in messages
---@param numbers_too boolean? numbers are taken and turned into strings
---@return string[]? copy
---@return string? problem
function strings.copy(array, what, numbers_too)
  local copy = {}
  local i, value = 1, array[1]
  while value ~= nil do
    if numbers_too and type(value) == "number" then
      value = tostring(value)
    end
    local problem = strings.problem(value)
    if problem then
      return nil, ("bad value at index %d of %s: %s"):format(i, what, problem)
    end
    copy[i] = value
    i = i + 1
    value = array[i]
  end
  return copy
end

---The core's form of an array, borrowed from it.
---@param array string[]
---@return ffi.cdata* pointers ends with NULL
function strings.pointers(array)
  local pointers = ffi.new("const char *[?]", #array + 1)
  for i, text in ipairs(array) do
    pointers[i - 1] = text
  end
  return pointers
end

return strings
