-- Time and light threads, without any child but one that nobody hears.
local attempt = require("faults.attempt")

return function(pipe)
  local full = pipe.semaphore.new(0)
  local proc = attempt.call(pipe.spawn, { "/bin/cat" })
  local waiting = pipe.thread.spawn(function() attempt.method(proc, "stdout_read_line") end)
  local posting = pipe.thread.spawn(function()
    for _ = 1, 3 do
      attempt.sleep(pipe, 0.001)
      full:post()
    end
  end)
  for _ = 1, 3 do
    attempt.call(full.wait, full, 10)
  end
  attempt.refused("timeout", full.wait, full, 0.001)
  assert(pipe.thread.wait(posting))
  assert(pipe.thread.kill(waiting))
  attempt.write(proc, "text\n")
  assert(attempt.method(proc, "stdout_read_line") == "text")
  proc:close()
end
