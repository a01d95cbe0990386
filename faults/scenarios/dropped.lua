-- Children that nobody refers to any more: they are killed, and reaped by the loop.
local attempt = require("faults.attempt")

return function(pipe)
  for _ = 1, 2 do
    attempt.call(pipe.spawn, { "/bin/sleep", "60" })
    collectgarbage()
  end
end
