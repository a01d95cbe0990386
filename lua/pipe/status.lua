-- From the core's result codes to the contract's words, or to a system error's text and name.

local ffi = require("ffi")
local C = require("pipe.clib")

local status = {}

local words = {
  [C.PIPE_CLOSED] = "closed",
  [C.PIPE_TIMEOUT] = "timeout",
  [C.PIPE_ABORTED] = "aborted",
  [C.PIPE_EXITED] = "exited",
  [C.PIPE_RUNNING] = "running",
  [C.PIPE_MERGED] = "merged to stdout",
  [C.PIPE_TOO_MUCH] = "too much data",
  [C.PIPE_INVALID_SIGNAL] = "invalid signal",
  [C.PIPE_NOT_A_PIPE] = "not a pipe",
}

local busy = {
  [C.PIPE_STDIN] = "pipe busy writing",
  [C.PIPE_STDOUT] = "pipe busy reading",
  [C.PIPE_STDERR] = "pipe busy reading",
  [C.PIPE_EXIT] = "pipe busy waiting",
}

local TEXT_SIZE = 256
local text = ffi.new("char[?]", TEXT_SIZE)

---The words for a result that is not PIPE_OK.
---@param code integer
---@param channel integer? what the operation was about; it tells the kinds of "busy" apart
---@return string message
---@return string? name the errno's name; the contract's own words have none, and there is no second value then
function status.describe(code, channel)
  if code < 0 then
    local length = tonumber(C.pipe_error_text(code, text, TEXT_SIZE))
    return ffi.string(text, length), ffi.string(C.pipe_error_name(code))
  end
  return words[code] or busy[channel]
end

return status
