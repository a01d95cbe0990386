-- The reading half of a process object: both outputs, from one loop.

local ffi = require("ffi")
local C = require("pipe.clib")
local buffered_line = require("pipe.line")
local engine = require("pipe.engine")
local operation = require("pipe.operation")
local options = require("pipe.options")
local status = require("pipe.status")

local OK, AGAIN, BUSY = C.PIPE_OK, C.PIPE_AGAIN, C.PIPE_BUSY
local ALL, BYTES, LINE, ANY = C.PIPE_READ_ALL, C.PIPE_READ_BYTES, C.PIPE_READ_LINE, C.PIPE_READ_ANY
local POLL = C.PIPE_READ_POLL

local reader = {}

-- One for each call: any allocation may run a finalizer, and that may read too.
local new_slice = ffi.typeof("pipe_slice")

---How much a run reads at once: what a pipe holds by default.
reader.PIECE = 65536

---The outputs' channels, by name.
reader.outputs = { stdout = C.PIPE_STDOUT, stderr = C.PIPE_STDERR }

---Takes the bytes that a request has shown out of the stream. The string first: where there is no memory for it, they
---stay.
---@param self pipe.Process
---@param channel integer
---@param slice ffi.cdata*
---@return string data
function reader.take(self, channel, slice)
  local ok, data = pcall(ffi.string, slice.data, tonumber(slice.size))
  if not ok then
    C.pipe_cancel(self.handle, channel)
    error(data, 0)
  end
  C.pipe_read_take(self.handle, channel)
  return data
end
local take = reader.take

local function fail(self, channel, code, slice)
  local partial
  if slice.data ~= nil then
    partial = take(self, channel, slice)
  end
  local message, name = status.describe(code, channel)
  if name then
    return nil, message, partial, name
  end
  return nil, message, partial
end

---Asks the core for bytes, and waits for them where it has to. What `slice` shows is to be taken, or cancelled.
---@param self pipe.Process
---@param channel integer
---@param mode integer
---@param length number
---@return integer? code pipe_read()'s, but never PIPE_AGAIN; nil where nobody can wait
---@return ffi.cdata*|string slice or why nobody can
function reader.request(self, channel, mode, length)
  local handle, slice = self.handle, new_slice()
  local code = C.pipe_read(handle, channel, mode, length, slice)
  if code == BUSY and operation.gave_way() then
    code = C.pipe_read(handle, channel, mode, length, slice)
  end
  if code == AGAIN then
    local waiter, refusal = operation.waiter(self, channel)
    if not waiter then
      code = C.pipe_read(handle, channel, mode, length, slice) -- after that it looks in any case
      if code ~= AGAIN then
        return code, slice
      end
      C.pipe_cancel(handle, channel)
      return nil, refusal
    end
    local failure = operation.wait(waiter, self, channel)
    if failure then
      slice.data = "" -- a string, as of every system error: nothing has left the stream
      return failure, slice
    end
    code = C.pipe_read_result(handle, channel, slice)
    operation.fetched(waiter)
  end
  return code, slice
end

-- Always tail-called by the public method, so that level 2 is its caller.
local function read(self, channel, mode, length)
  local code, slice = reader.request(self, channel, mode, length)
  if not code then
    error(slice, 2)
  elseif code == OK then
    return take(self, channel, slice)
  end
  return fail(self, channel, code, slice)
end

---What is there now, at most `length` bytes, without waiting.
---@param self pipe.Process
---@param channel integer
---@param length integer
---@return string? data nil where there is nothing
function reader.poll(self, channel, length)
  local slice = new_slice()
  local code = C.pipe_read(self.handle, channel, POLL, length, slice)
  if code == OK then
    return take(self, channel, slice)
  elseif slice.data ~= nil then
    C.pipe_cancel(self.handle, channel)
  end
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
    local line = buffered_line(self, channel)
    if line then
      return line
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
  for output, channel in pairs(reader.outputs) do
    install(Process, methods, output, channel)
  end
end

return reader
