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
  -- A failed read has shown what had come, which is gone from the stream.
  local pieces = {}
  repeat
    local piece
    attempt.call(function()
      local data, message, partial, code = proc:stdout_read_all()
      piece = data
      pieces[#pieces + 1] = data or partial
      return data, message, code
    end)
  until piece
  attempt.join(pipe, writing)
  assert(table.concat(pieces) == sent, "bytes were lost")
  assert(attempt.method(proc, "wait"))
end
