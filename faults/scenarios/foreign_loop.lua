-- Another event loop, which watches our descriptor and steps when it is readable: a child, a timer and a signal.
local ffi = require("ffi")
local attempt = require("faults.attempt")
local libc = require("faults.libc")

local function turn(pipe, fd, is_told)
  local lines = {}
  local speaking = pipe.thread.spawn(function()
    local proc = attempt.call(pipe.spawn, { "/bin/cat" })
    attempt.write(proc, "text\n")
    lines[1] = attempt.method(proc, "stdout_read_line")
    attempt.method(proc, "shutdown", "stdin")
    assert(attempt.method(proc, "wait"))
  end)
  local sending = pipe.thread.spawn(function()
    repeat
      attempt.call(pipe.signal.kill, libc.C.getpid(), "USR1")
      attempt.sleep(pipe, 0.02)
    until is_told()
  end)
  local entry = ffi.new("struct faults_pollfd", { fd, libc.POLLIN, 0 })
  while coroutine.status(speaking) ~= "dead" or coroutine.status(sending) ~= "dead" do
    libc.C.poll(entry, 1, -1)
    pipe.loop.step()
  end
  for _, thread in ipairs { speaking, sending } do
    attempt.join(pipe, thread)
  end
  assert(lines[1] == "text")
end

return function(pipe)
  local fd, told = attempt.call(pipe.loop.fd), false
  local handler = attempt.call(pipe.signal.on, "USR1", function() told = true end)
  attempt.finally(function()
    turn(pipe, fd, function() return told end)
  end, function() handler:stop() end)
  assert(pipe.loop.timeout() == nil)
end
