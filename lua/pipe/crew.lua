-- The light threads that serve one child of pipe.run where attend.lua is not enough: a feeder, a collector for each
-- output, and those that end its tree when it is time to. What one of them throws ends everything, and comes out of the
-- run.

local C = require("pipe.clib")
local attend = require("pipe.attend")
local family = require("pipe.family")
local reader = require("pipe.reader")
local signum = require("pipe.signum")
local thread = require("pipe.thread")
local timer = require("pipe.timer")
local writer = require("pipe.writer")

local PIECE = reader.PIECE
local LAST_GRACE = 10000           -- ms that the kernel gets to bring KILL about
local FIRST_LOOK, LAST_LOOK = 1, 100 -- ms between looks at a tree that is to end

---@class pipe.Crew
---@field proc pipe.Process
---@field settings pipe.RunSettings
---@field workers thread[]
---@field outputs table[] stdout and stderr: pieces, size, cut, absent, done
---@field tree ffi.cdata*? once it is being ended
---@field attending table? the waiter of attend()
---@field exited boolean? the next three are known, as from proc:wait()
---@field ok boolean?
---@field reason string?
---@field status integer|string|nil
---@field ending boolean? somebody ends the tree: `ender`
---@field ender thread?
---@field fed boolean? the child has its input
---@field failure table? what a worker threw
---@field late boolean? the time for the run has passed
---@field over boolean? nobody may go on
---@field timed_out boolean
---@field truncated boolean
---@field error string? what the system has refused meanwhile
---@field code string? the errno's name
local Crew = {}
Crew.__index = Crew

local crew = {}

local function work(self, f, ...)
  if self.over then
    return
  end
  local th = thread.spawn(function(...)
    local ok, err = pcall(f, self, ...)
    if not ok and not self.over then
      self.failure = { err }
      self:abort()
    end
  end, ...)
  table.insert(self.workers, th)
  return th
end

local end_tree

local function start_ending(self, patience)
  if not self.ending then
    self.ending = true
    self.ender = work(self, end_tree, patience)
  end
end

-- What the system refuses while the child runs: the first of it is told, and ends the tree.
local function fail(self, deed, message, code)
  if not self.error and not self.over then
    self.error, self.code = ("failed to %s: %s"):format(deed, message), code
    start_ending(self, 0)
  end
end

local function feed(self)
  local proc, input = self.proc, self.settings.input
  if type(input) == "function" then
    local piece = input()
    while piece ~= nil and not self.over do
      local data, problem = writer.copy(piece, "piece of input")
      if not data then
        error(problem, 0)
      end
      local sent, err, _, code = proc:write(data)
      if code then
        fail(self, "write the input", err, code)
      end
      if not sent then
        break -- a child need not read all of it
      elseif sent == 0 then
        timer.sleep(0) -- who gives nothing for ever must not keep the others from going on
      end
      piece = input()
    end
  elseif input then
    local _, err, _, code = proc:write(input)
    if code then
      fail(self, "write the input", err, code)
    end
  end
  local _, _, code = proc:shutdown("stdin")
  while code == "EAGAIN" do -- a terminal that is full has no room for its end-of-file character yet
    timer.sleep(LAST_LOOK / 1000)
    _, _, code = proc:shutdown("stdin")
  end
end

-- Whether some of the tree are there still when the time has passed.
local function outlives(tree, ms)
  local look = FIRST_LOOK
  while family.alive(tree) do
    if ms <= 0 then
      return true
    end
    timer.sleep(math.min(look, ms) / 1000)
    ms, look = ms - look, math.min(look * 2, LAST_LOOK)
  end
  return false
end

local drain

function end_tree(self, patience)
  if patience > 0 then
    timer.sleep(patience / 1000)
  end
  local proc, grace = self.proc, self.settings.grace
  local tree, code = family.open(proc)
  if code == C.PIPE_EXITED then -- just now
    if self.late then
      drain(self)
    end
    return
  elseif not tree then
    proc:terminate(grace) -- without /proc the child at least
    return
  end
  self.tree = tree
  family.signal(tree, signum.TERM)
  if outlives(tree, grace) then
    family.signal(tree, signum.KILL)
    if outlives(tree, LAST_GRACE) then
      proc:close() -- we may not signal it, or the kernel holds it: not our caller as well
    end
  end
end

local function cut(self, output)
  output.cut, self.truncated = true, true
  start_ending(self, self.settings.patience)
end

local function deliver(self, output, piece)
  local settings = self.settings
  if output.size + #piece > settings.max_output then
    piece = piece:sub(1, settings.kept_output - output.size)
    cut(self, output)
  end
  output.size = output.size + #piece
  if piece == "" then
    return
  elseif output.callback then
    output.callback(piece)
  else
    table.insert(output.pieces, piece)
  end
end

local absences = { ["not a pipe"] = true, ["merged to stdout"] = true }

-- nil at the end, whatever that is.
local function next_piece(self, output)
  local proc = self.proc
  if output.left then
    local piece = output.left > 0 and reader.poll(proc, output.channel, PIECE) or nil
    output.left = output.left - #(piece or "")
    return piece
  end
  output.reading = true
  local piece, err, _, code = proc[output.read_any](proc, PIECE)
  output.reading = false
  if absences[err] then
    output.absent = true
  elseif code then
    fail(self, "read " .. output.name, err, code)
  elseif not piece and err ~= "closed" and not self.over then
    cut(self, output) -- it cannot be read any more
  end
  return piece
end

local function collect(self, output)
  local piece = next_piece(self, output)
  while piece and not self.over do
    deliver(self, output, piece)
    piece = next_piece(self, output)
  end
  output.done = true
end

-- Somebody else holds the pipes, and may for ever. What the child has written is in them, and nothing else is waited
-- for: who waits in a read is replaced; who is in a callback goes on likewise, unless the time of the run has passed.
function drain(self)
  for _, output in ipairs(self.outputs) do
    if not output.done then
      output.left = self.settings.pipe_capacity
      if output.reading then
        thread.kill(output.collector) -- which consumes nothing
        output.reading = false
        output.collector = work(self, collect, output)
      end
    end
    if not output.done and self.late then
      self.timed_out = true
      thread.kill(output.collector)
    end
  end
end

local function hurry(self)
  local _, err, code = timer.sleep(self.settings.drain_timeout / 1000)
  if code and not (self.outputs[1].done and self.outputs[2].done) then
    fail(self, "wait for the outputs", err, code)
  end
  drain(self)
end

-- A child that has exited has done so in time; but nobody waits any longer for what others hold.
local function expire(self, ms)
  local _, err, code = timer.sleep(ms / 1000)
  if code then
    return fail(self, "start the timeout", err, code)
  end
  self.late = true
  local _, reason = self.proc:try_wait()
  if reason ~= "running" then
    drain(self)
  elseif not self.ending then
    self.timed_out = true
    start_ending(self, 0)
  end
end

local function await(self, output)
  local collector
  while not output.done and not self.over and output.collector ~= collector do
    collector = output.collector
    thread.wait(collector)
  end
end

local function kill(th)
  if th then
    thread.kill(th)
  end
end

local READ_ANY = { stdout = "stdout_read_any", stderr = "stderr_read_any" }

local function new_output(name, callback)
  return {
    name = name, channel = reader.outputs[name], read_any = READ_ANY[name], callback = callback, pieces = {}, size = 0,
    done = false, absent = false,
  }
end

---@param proc pipe.Process whose timeouts are all 0
---@param settings pipe.RunSettings
---@return pipe.Crew
function crew.new(proc, settings)
  return setmetatable({
    proc = proc, settings = settings, workers = {}, timed_out = false, truncated = false, exited = false, fed = false,
    ok = nil, reason = nil, status = nil, attending = nil, -- room for what will be known
    outputs = { new_output("stdout", settings.on_stdout), new_output("stderr", settings.on_stderr) },
  }, Crew)
end

---Serves the child until it has exited, its tree has ended where it had to, and its outputs have been read. **Yields.**
---@return boolean? ok as from proc:wait()
---@return string reason
---@return integer|string|nil status
function Crew:serve()
  local started = C.pipe_now()
  attend(self)
  if self.exited and self.outputs[1].done and self.outputs[2].done then
    return self.ok, self.reason, self.status
  end
  local timeout = self.settings.timeout
  if timeout > 0 then
    work(self, expire, math.max(timeout - (C.pipe_now() - started), 0))
  end
  for _, output in ipairs(self.outputs) do
    output.collector = not output.done and work(self, collect, output) or nil
  end
  if not self.fed then
    work(self, feed)
  end
  local ok, reason, status = self.ok, self.reason, self.status
  if not self.exited then
    ok, reason, status = self.proc:wait()
  end
  if self.tree and family.alive(self.tree) then
    thread.wait(self.ender)
  end
  kill(self.ender)
  work(self, hurry)
  for _, output in ipairs(self.outputs) do
    await(self, output)
  end
  return ok, reason, status
end

---Leaves nothing behind. Never yields.
function Crew:finish()
  self.over = true
  local waiter = self.attending
  if waiter and waiter.cancel then -- attend() has thrown: who ran it must not be woken by what it waited for
    waiter.cancel(waiter)
  end
  for _, th in ipairs(self.workers) do
    thread.kill(th)
  end
  self.proc:close()
  if self.tree then
    family.free(self.tree)
    self.tree = nil
  end
end

---Kills the tree, too. Never yields.
function Crew:abort()
  if self.tree then
    family.signal(self.tree, signum.KILL)
  else
    self.proc:kill_tree("KILL")
  end
  self:finish()
end

return crew
