-- A line out of what the core has read already: no call of the core, and nothing that a trace cannot compile.

local ffi = require("ffi")
local C = require("pipe.clib")

-- memchr(3) under a name of ours. A second copy of this module in one state finds it declared.
pcall(ffi.cdef, [[const char *pipe_find_byte(const char *bytes, int byte, size_t size) __asm__("memchr");]])

local LF, CR = 10, 13

-- Where the bytes lie that the core has read; false where there is no such stream.
local function bytes_of(process, channel)
  local lent = process.lent
  if not lent then
    lent = {}
    process.lent = lent
  end
  local buffered = C.pipe_buffered_bytes(process.handle, channel)
  lent[channel] = buffered ~= nil and buffered
  return lent[channel]
end

---Takes the next line, if all of it is there and something behind it: the last byte is for the core to take, which
---frees the buffer then.
---@param process pipe.Process
---@param channel integer
---@return string? line without its LF, and without a CR right before that
return function(process, channel)
  local lent = process.lent
  local buffered = lent and lent[channel]
  if buffered == nil then
    buffered = bytes_of(process, channel)
  end
  if not buffered or buffered.size < 2 then
    return nil
  end
  -- Whatever makes an object may run a finalizer, which may read here: a pointer is one, a number is none. Within
  -- one loan each line that is taken lowers the size.
  local loans, size = buffered.loans, buffered.size
  local first = buffered.data
  if buffered.size ~= size or buffered.loans ~= loans then
    return nil
  end
  local newline = C.pipe_find_byte(first, LF, size - 1)
  if newline == nil then
    return nil
  end
  local length, rest = newline - first, newline + 1
  if buffered.size ~= size or buffered.loans ~= loans then
    return nil
  end
  local line = ffi.string(first, length > 0 and newline[-1] == CR and length - 1 or length)
  if buffered.size ~= size or buffered.loans ~= loans then
    return nil
  end
  buffered.data = rest
  buffered.size = size - length - 1
  return line
end
