-- The reading half of a process object: both outputs, from one loop.

local ffi = require("ffi")
local C = require("pipe.clib")
local engine = require("pipe.engine")
local operation = require("pipe.operation")
local options = require("pipe.options")
local scheduler = require("pipe.scheduler")
local status = require("pipe.status")

local OK, AGAIN = C.PIPE_OK, C.PIPE_AGAIN
local ALL, BYTES, LINE, ANY = C.PIPE_READ_ALL, C.PIPE_READ_BYTES, C.PIPE_READ_LINE, C.PIPE_READ_ANY

local reader = {}

-- One for each call: any allocation may run a finalizer, and that may read too.
local new_slice = ffi.typeof("pipe_slice")

-- The string first: where there is no memory for it, the bytes stay in the stream.
local function take(handle, channel, slice)
  local ok, data = pcall(ffi.string, slice.data, tonumber(slice.size))
  if not ok then
    C.pipe_cancel(handle, channel)
    error(data, 0)
  end
  C.pipe_read_take(handle, channel)
  return data
end

local function fail(handle, channel, code, slice)
  local partial
  if slice.data ~= nil then
    partial = take(handle, channel, slice)
  end
  local message, name = status.describe(code, channel)
  if name then
    return nil, message, partial, name
  end
  return nil, message, partial
end

-- Always tail-called by the public method, so that level 2 is its caller.
local function read(self, channel, mode, length)
  local handle, slice = self.handle, new_slice()
  local code = C.pipe_read(handle, channel, mode, length, slice)
  if code == AGAIN then
    local waiter, refusal = scheduler.waiter()
    if not waiter then
      C.pipe_cancel(handle, channel)
      error(refusal, 2)
    end
    local failure = operation.wait(waiter, self, channel)
    if failure then
      local message, name = status.describe(failure)
      return nil, message, "", name
    end
    code = C.pipe_read_result(handle, channel, slice)
    operation.fetched(waiter)
  end
  if code == OK then
    return take(handle, channel, slice)
  end
  return fail(handle, channel, code, slice)
end

---Adds the methods of one output.
---@param Process table
---@param methods table
---@param output string "stdout" or "stderr"
---@param channel integer
local function install(Process, methods, output, channel)
  ---Everything up to end of file; "" there, always. **Yields.** All four fail with nil, message, what had come (nil
  ---where nothing was read), the errno's name.
  ---@param self pipe.Process
  methods[output .. "_read_all"] = function(self)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    return read(self, channel, ALL, 0)
  end

  ---A line, without its LF and without a CR right before that. **Yields.**
  ---@param self pipe.Process
  methods[output .. "_read_line"] = function(self)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    return read(self, channel, LINE, 0)
  end

  ---Exactly `len` bytes. **Yields.**
  ---@param self pipe.Process
  ---@param len integer at least 0
  methods[output .. "_read_bytes"] = function(self, len)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    len = type(len) == "number" and options.whole(len, 0)
    if not len then
      error("bad len argument", 2)
    elseif len == 0 then
      return ""
    end
    return read(self, channel, BYTES, math.min(len, engine.LONGEST_STRING + 1)) -- which the core refuses
  end

  ---What is there now, at least one byte and at most `max`. **Yields** while there is nothing.
  ---@param self pipe.Process
  ---@param max integer at least 1
  methods[output .. "_read_any"] = function(self, max)
    if getmetatable(self) ~= Process then
      error("not a process instance", 2)
    end
    max = options.whole(max, 1)
    if not max then
      error("bad max argument", 2)
    end
    return read(self, channel, ANY, math.min(max, engine.LONGEST_STRING))
  end
end

---Adds the reading methods of both outputs.
---@param Process table the metatable of process objects
---@param methods table
function reader.install(Process, methods)
  for output, channel in pairs({ stdout = C.PIPE_STDOUT, stderr = C.PIPE_STDERR }) do
    install(Process, methods, output, channel)
  end
end

return reader
