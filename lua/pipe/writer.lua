-- The writing half of a process object.

local ffi = require("ffi")
local C = require("pipe.clib")
local operation = require("pipe.operation")
local status = require("pipe.status")

local OK, AGAIN, BUSY = C.PIPE_OK, C.PIPE_AGAIN, C.PIPE_BUSY

local writer = {}

-- One is enough: it is read before anything is allocated, so before a finalizer can run that writes too.
local written = ffi.new("double[1]")

local slice_of, slices_of = ffi.typeof("pipe_slice"), ffi.typeof("pipe_slice[?]")

---What can be written: a copy that nobody changes, as long as it takes.
---@param data any
---@param what string its name in messages
---@return string|string[]|nil copy
---@return string? problem
function writer.copy(data, what)
  local kind = type(data)
  if kind == "string" or kind == "number" then
    return tostring(data)
  elseif kind ~= "table" then
    return nil, ("bad %s: string, number, or table expected, got %s"):format(what, kind)
  end
  local strings = {}
  local i, value = 1, data[1]
  while value ~= nil do
    if type(value) == "number" then
      value = tostring(value)
    elseif type(value) ~= "string" then
      return nil, ("bad value at index %d of %s: string or number expected, got %s"):format(i, what, type(value))
    end
    strings[i] = value
    i = i + 1
    value = data[i]
  end
  return strings
end

local function size(copy)
  if type(copy) == "string" then
    return #copy
  end
  local bytes = 0
  for _, text in ipairs(copy) do
    bytes = bytes + #text
  end
  return bytes
end

-- The core's form of a copy, which must outlive the write, and how many slices that is. To be called for what is
-- certainly written: LuaJIT puts off an allocation that a trace does not need, and crashes when the trace is left and
-- what was put off is an array of variable length.
local function gather(copy)
  if type(copy) == "string" then
    return slice_of(copy, #copy), 1
  end
  local slices = slices_of(#copy)
  for i, text in ipairs(copy) do
    slices[i - 1].data, slices[i - 1].size = text, #text
  end
  return slices, #copy
end

---Adds the writing method.
---@param Process table the metatable of process objects
---@param methods table
function writer.install(Process, methods)
  ---Writes all of `data` to the child's stdin. **Yields** while the pipe is full. Fails with nil, message, the number
  ---of bytes that did go out, the errno's name.
  ---@param self pipe.Process
  ---@param data string|number|(string|number)[]
  ---@return number? nbytes once all are in the pipe
  ---@return string? err
  ---@return number? nbytes
  ---@return string? code
  function methods.write(self, data)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    local copy, problem = writer.copy(data, "data arg")
    if not copy then
      error(problem, 2)
    end
    if size(copy) == 0 then
      return 0
    end
    local slices, count = gather(copy)
    local handle = self.handle
    written[0] = 0
    local code = C.pipe_write(handle, slices, count, written)
    if code == BUSY and operation.gave_way() then
      code = C.pipe_write(handle, slices, count, written)
    end
    if code == AGAIN then
      local so_far = written[0]
      local waiter, refusal = operation.waiter(self, C.PIPE_STDIN)
      if not waiter then
        error(refusal, 2)
      end
      local failure = operation.wait(waiter, self, C.PIPE_STDIN, { slices, copy })
      if failure then
        local message, name = status.describe(failure)
        return nil, message, so_far, name
      end
      code = C.pipe_write_result(handle, written)
      operation.fetched(waiter)
    end
    local sent = code == BUSY and 0 or written[0]
    if code == OK then
      return sent
    end
    local message, name = status.describe(code, C.PIPE_STDIN)
    if name then
      return nil, message, sent, name
    end
    return nil, message, sent
  end
end

return writer
