-- How pipe.run serves a child without any light thread of its own: the core reads both outputs meanwhile, and whoever
-- runs it waits for the exit alone. What needs more than that, a callback or a feeder or somebody who ends the tree, is
-- the crew's.

local ffi = require("ffi")
local C = require("pipe.clib")
local engine = require("pipe.engine")
local exit = require("pipe.exit")
local operation = require("pipe.operation")
local reader = require("pipe.reader")
local scheduler = require("pipe.scheduler")

local OK, AGAIN, CLOSED = C.PIPE_OK, C.PIPE_AGAIN, C.PIPE_CLOSED
local ABSENT = { [C.PIPE_NOT_A_PIPE] = true, [C.PIPE_MERGED] = true }

local PIECE = reader.PIECE
local LONGEST_INPUT = 4096 -- there is room for so much in any new pipe
local new_slice = ffi.typeof("pipe_slice")

local function keep(self, output, slice)
  local piece = reader.take(self.proc, output.channel, slice)
  output.size = output.size + #piece
  output.pieces[#output.pieces + 1] = piece
end

-- Lets the core read an output to its end, but no more than the run may have of it. Whether it does, or need not.
local function begin(self, output)
  local handle, slice = self.proc.handle, new_slice()
  local most = math.min(self.settings.max_output, engine.LONGEST_STRING)
  local code = C.pipe_read(handle, output.channel, C.PIPE_READ_WITHIN, most, slice)
  if code == AGAIN then
    return C.pipe_start_beside_exit(handle, output.channel) == OK
  elseif code == OK then
    keep(self, output, slice)
  elseif slice.data ~= nil then
    C.pipe_cancel(handle, output.channel)
  end
  output.absent = ABSENT[code]
  output.done = output.absent or code == OK
  return output.done
end

-- What has been read, if that is all. Else it stays in the stream.
local function fetch(self, output)
  if output.done then
    return
  end
  local slice = new_slice()
  if C.pipe_read_result(self.proc.handle, output.channel, slice) == OK then
    keep(self, output, slice)
    output.done = true
  else
    C.pipe_cancel(self.proc.handle, output.channel)
  end
end

-- Reads what is there now, but no more than the child can have left: somebody else may write on and on.
local function look(self, output)
  if output.done then
    return
  end
  local handle, slice = self.proc.handle, new_slice()
  local most = output.size + self.settings.pipe_capacity
  local code
  repeat
    code = C.pipe_read(handle, output.channel, C.PIPE_READ_POLL, PIECE, slice)
    local fits = code == OK and output.size + tonumber(slice.size) <= self.settings.max_output
    if fits then
      keep(self, output, slice)
    elseif slice.data ~= nil then
      C.pipe_cancel(handle, output.channel)
    end
  until not fits or output.size >= most
  output.done = code == CLOSED
end

-- The core's answer about the exit, in the end.
local function await(self, waiter)
  local proc = self.proc
  local code = C.pipe_wait(proc.handle, exit.status)
  if code ~= AGAIN then
    return code
  end
  operation.hold(waiter, proc, C.PIPE_EXIT)
  if not begin(self, self.outputs[1]) or not begin(self, self.outputs[2]) then
    waiter.cancel(waiter)
    return AGAIN
  elseif operation.start(waiter, self.settings.timeout) then
    return AGAIN
  end
  scheduler.park(waiter)
  code = C.pipe_wait_result(proc.handle, exit.status)
  operation.fetched(waiter)
  return code
end

-- Whether that is done: else it is for the crew.
local function feed(self)
  local settings = self.settings
  if settings.input then
    local _, _, sent, code = self.proc:write(settings.input)
    if code then
      settings.input = settings.input:sub(sent + 1)
      return false
    end
  end
  self.proc:shutdown("stdin")
  self.fed = true
  return true
end

local function is_simple(settings)
  local input = settings.input
  return not (settings.on_stdout or settings.on_stderr or settings.pty)
    and (input == nil or type(input) == "string" and #input <= LONGEST_INPUT)
end

---Serves the child of `self`, a pipe.Crew, as far as that goes: what is `done`, `fed` and `exited` then is so, and
---nothing is pending. **Yields.** What it throws leaves `attending`, whose `cancel` may still have to be called.
---@param self pipe.Crew
return function(self)
  local waiter = is_simple(self.settings) and scheduler.waiter()
  if not waiter or not feed(self) then
    return
  end
  self.attending = waiter
  local code = await(self, waiter)
  -- Else it is the crew's: too much output, an error, or a timeout, for which it looks at the clock.
  if code == OK or code < 0 then
    self.exited, self.ok, self.reason, self.status = true, exit.tell(code)
  end
  fetch(self, self.outputs[1])
  fetch(self, self.outputs[2])
  if self.exited then
    look(self, self.outputs[1])
    look(self, self.outputs[2])
  end
  self.attending = nil
end
