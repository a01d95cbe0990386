-- A copy of the host that was made without fork(3)'s handlers: there a signal does what it did before it was caught.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

local SIGTERM, SURVIVED = 15, 0

return function(pipe)
  local handler = attempt.call(pipe.signal.on, "TERM", function() error("it was for the copy") end)
  local copy = libc.C._Fork()
  if copy == 0 then
    libc.die_with_parent()
    libc.C.kill(libc.C.getpid(), SIGTERM)
    libc.C._exit(0)
  end
  local status = libc.await(copy)
  assert(status == SIGTERM or status == SURVIVED and attempt.shows_as("signal lost"), status)
  handler:stop()
end
