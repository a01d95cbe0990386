-- More than a pipe holds, there and back: writer and reader both wait, in light threads.
local attempt = require("faults.attempt")

local SIZE = 3 * 2 ^ 16

return function(pipe)
  local sent = ("0123456789abcde\n"):rep(SIZE / 16)
  local proc = attempt.call(pipe.spawn, { "/bin/cat" }, { pipe_size = 4096 })
  local writing = pipe.thread.spawn(function()
    attempt.write(proc, sent)
    attempt.method(proc, "shutdown", "stdin")
  end)
  local came = attempt.read_all(proc)
  attempt.join(pipe, writing)
  assert(came == sent, "bytes were lost")
  assert(attempt.method(proc, "wait"))
end
