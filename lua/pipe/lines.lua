-- Iterating over the lines of an output.

local C = require("pipe.clib")
local buffered_line = require("pipe.line")
local reader = require("pipe.reader")
local status = require("pipe.status")

local lines = {}

-- Tail-called by the iterator, so that level 2 is the loop. What ends the loop but end of file leaves all bytes in the
-- stream: a line that has begun is there for the next read.
local function next_line(self, channel)
  local line = buffered_line(self, channel)
  if line then
    return line
  end
  local code, slice = reader.request(self, channel, C.PIPE_READ_LINE, 0)
  if not code then
    error(slice, 2)
  elseif code == C.PIPE_OK or code == C.PIPE_CLOSED and slice.size > 0 then
    return reader.take(self, channel, slice)
  elseif slice.data ~= nil then
    C.pipe_cancel(self.handle, channel)
    if code == C.PIPE_CLOSED then
      return nil
    end
  end
  error(status.describe(code, channel), 2)
end

---Adds the methods of both outputs.
---@param Process table the metatable of process objects
---@param methods table
function lines.install(Process, methods)
  for output, channel in pairs(reader.outputs) do
    ---For a generic `for`: line after line, as *_read_line() gives them, and an unfinished last one. **Yields.** What
    ---fails, a timeout included, is thrown at the loop's line.
    ---@param self pipe.Process
    ---@return fun(): string? next_line keeps the process alive
    methods[output .. "_lines"] = function(self)
      if getmetatable(self) ~= Process then
        error("not a process instance", 2)
      end
      return function()
        return next_line(self, channel)
      end
    end
  end
end

return lines
