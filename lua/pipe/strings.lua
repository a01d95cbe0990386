-- Strings on their way to C: no NUL in them, since it would cut them off silently, and arrays that end with NULL.

local ffi = require("ffi")

local strings = {}

local new_pointers = ffi.typeof("const char *[?]")

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

local function is_plain(value)
  return value == nil or type(value) == "string" and not value:find("\0", 1, true)
end

local new_five = ffi.typeof("const char *[5]")

---What copy() and pointers() give, for an array of one to four strings without NUL; nil for any other. Without a loop:
---one that is left after a turn or two keeps LuaJIT from compiling what is around it.
---@param array table
---@return string[]? copy
---@return ffi.cdata*? pointers
function strings.few(array)
  local a, b, c, d = array[1], array[2], array[3], array[4]
  if a == nil or array[5] ~= nil or not (is_plain(a) and is_plain(b) and is_plain(c) and is_plain(d)) then
    return
  end
  local pointers = new_five()
  pointers[0] = a
  if b == nil then
    return { a }, pointers
  end
  pointers[1] = b
  if c == nil then
    return { a, b }, pointers
  end
  pointers[2] = c
  if d == nil then
    return { a, b, c }, pointers
  end
  pointers[3] = d
  return { a, b, c, d }, pointers
end

---The core's form of an array, borrowed from it.
---@param array string[]
---@return ffi.cdata* pointers ends with NULL
function strings.pointers(array)
  local pointers = new_pointers(#array + 1)
  for i, text in ipairs(array) do
    pointers[i - 1] = text
  end
  return pointers
end

return strings
