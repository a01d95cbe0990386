-- How pipe.run serves a child without any light thread of its own: whoever runs it waits for both outputs and the exit
-- at the same time. What needs more than that, a callback or a feeder or somebody who ends the tree, is the crew's.

local ffi = require("ffi")
local C = require("pipe.clib")
local exit = require("pipe.exit")
local operation = require("pipe.operation")
local reader = require("pipe.reader")
local scheduler = require("pipe.scheduler")

local OK, AGAIN, CLOSED = C.PIPE_OK, C.PIPE_AGAIN, C.PIPE_CLOSED
local ABSENT = { [C.PIPE_NOT_A_PIPE] = true, [C.PIPE_MERGED] = true }

local PIECE = reader.PIECE
local LONGEST_INPUT = 4096 -- there is room for so much in any new pipe
local new_slice = ffi.typeof("pipe_slice")

local function cancel_one(sub)
  if sub.cancel then
    sub.cancel(sub)
  end
end

-- No loops here: LuaJIT does not compile what is around one that ends after a turn or two.
local function cancel(waiter)
  local subs = waiter.attended
  cancel_one(subs[1])
  cancel_one(subs[2])
  cancel_one(subs[3])
  waiter.attended, waiter.cancel = nil, nil
end

-- Waits, besides others, for what has just answered PIPE_AGAIN.
local function arm(sub, proc, channel, timeout)
  operation.hold(sub, proc, channel)
  return not operation.start(sub, timeout)
end

-- What a read has shown; whether there may be more.
local function took(self, output, code, slice)
  if code == OK and output.size + tonumber(slice.size) <= self.settings.max_output then
    local piece = reader.take(self.proc, output.channel, slice)
    output.size = output.size + #piece
    output.pieces[#output.pieces + 1] = piece
    return true
  elseif slice.data ~= nil then
    C.pipe_cancel(self.proc.handle, output.channel)
  end
  output.absent = ABSENT[code]
  output.done = output.absent or code == CLOSED
  return false
end

-- Reads what is there. Whether that is done, or armed: false leaves it to the crew.
local function read(self, output, sub)
  local proc, slice = self.proc, new_slice()
  local code
  if sub.ended then
    sub.ended = nil
    code = C.pipe_read_result(proc.handle, output.channel, slice)
    operation.fetched(sub)
  else
    code = C.pipe_read(proc.handle, output.channel, C.PIPE_READ_ANY, PIECE, slice)
  end
  while code ~= AGAIN and took(self, output, code, slice) do
    code = C.pipe_read(proc.handle, output.channel, C.PIPE_READ_ANY, PIECE, slice)
  end
  return output.done or code == AGAIN and arm(sub, proc, output.channel, 0)
end

-- Reads what is there now, but no more than the child can have left: somebody else may write on and on.
local function look(self, output)
  if output.done then
    return
  end
  local slice, most = new_slice(), output.size + self.settings.pipe_capacity
  repeat
    local code = C.pipe_read(self.proc.handle, output.channel, C.PIPE_READ_POLL, PIECE, slice)
  until code == AGAIN or not took(self, output, code, slice) or output.size >= most
end

-- Whether it is known, or armed.
local function await_exit(self, sub)
  local code
  if sub.ended then
    sub.ended = nil
    code = C.pipe_wait_result(self.proc.handle, exit.status)
    operation.fetched(sub)
    if code == C.PIPE_TIMEOUT then
      return false -- for the crew, which looks at the clock
    end
  else
    code = C.pipe_wait(self.proc.handle, exit.status)
    if code == AGAIN then
      return arm(sub, self.proc, C.PIPE_EXIT, self.settings.timeout)
    end
  end
  self.exited, self.ok, self.reason, self.status = true, exit.tell(code)
  return true
end

local function feed(self)
  local input = self.settings.input
  if input then
    self.proc:write(input)
  end
  self.proc:shutdown("stdin")
  self.fed = true
end

local function is_simple(settings)
  local input = settings.input
  return not (settings.on_stdout or settings.on_stderr or settings.pty)
    and (input == nil or type(input) == "string" and #input <= LONGEST_INPUT)
end

-- Whether there will be another one. Not after the exit: somebody else may hold the pipes, and for ever.
local function turn(self, waiter, subs)
  local out, err = self.outputs[1], self.outputs[2]
  local goes_on = true
  if subs[1].ended then
    goes_on = read(self, out, subs[1])
  end
  if subs[2].ended then
    goes_on = read(self, err, subs[2]) and goes_on
  end
  if subs[3].ended then
    goes_on = await_exit(self, subs[3]) and goes_on
  end
  if not goes_on or self.exited then
    return false
  end
  scheduler.park(waiter)
  return true
end

---Serves the child of `self`, a pipe.Crew, as far as that goes: what is `done`, `fed` and `exited` then is so, and
---nothing is pending. **Yields.** What it throws leaves `attending` to be cancelled.
---@param self pipe.Crew
return function(self)
  local waiter = is_simple(self.settings) and scheduler.waiter()
  if not waiter then
    return
  end
  feed(self)
  local subs = { { parent = waiter }, { parent = waiter }, { parent = waiter } }
  self.attending, waiter.attended, waiter.cancel = waiter, subs, cancel
  if read(self, self.outputs[1], subs[1]) and read(self, self.outputs[2], subs[2]) and await_exit(self, subs[3]) then
    repeat until not turn(self, waiter, subs)
  end
  cancel(waiter)
  if self.exited then
    look(self, self.outputs[1])
    look(self, self.outputs[2])
  end
end
