-- Runs a command again and again, by whatever library. The arguments: COUNT WHAT
local clock = require("clock")

--- `arguments` of the program; `ways[WHAT]` runs the command, which says "hi", and returns whether it exited with 0,
--- its stdout and its stderr. Returns the metrics.
return function(arguments, ways)
  local count, run = assert(tonumber(arguments[1])), assert(ways[arguments[2]], "no such way")
  local function checked()
    local ok, stdout, stderr = run()
    assert(ok and stdout == "hi\n" and stderr == "", "the command did not do what it should")
  end
  for _ = 1, count / 10 do checked() end
  local wall, cpu = clock.wall(), clock.cpu()
  for _ = 1, count do checked() end
  return { us = (clock.wall() - wall) * 1e6 / count, cpu_us = (clock.cpu() - cpu) * 1e6 / count }
end
