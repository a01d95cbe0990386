-- The host's own signals: a handler, a wait, and the end of both.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

local NAMES = { "USR1", "TERM", "CHLD" }
local PATIENCE = 1000 -- ms

local function send(pipe, name)
  attempt.call(pipe.signal.kill, libc.C.getpid(), name)
end

local function handle(pipe)
  local heard = pipe.semaphore.new(0)
  local handler = attempt.call(pipe.signal.on, "USR1", function() heard:post() end)
  attempt.finally(function()
    attempt.call(function()
      send(pipe, "USR1")
      return heard:wait(PATIENCE / 1000)
    end)
  end, function() handler:stop() end)
end

local function wait(pipe)
  attempt.refused("timeout", pipe.signal.wait, NAMES, 1)
  attempt.call(function()
    send(pipe, "TERM")
    return pipe.signal.wait(NAMES, PATIENCE)
  end)
  local proc = attempt.call(pipe.spawn, { "/bin/cat" })
  attempt.method(proc, "shutdown", "stdin")
  assert(attempt.method(proc, "wait"))
  assert(attempt.call(pipe.signal.wait, "CHLD", PATIENCE) == "CHLD")
end

return function(pipe)
  handle(pipe)
  attempt.finally(function() wait(pipe) end, function() pipe.signal.reset(NAMES) end)
end
