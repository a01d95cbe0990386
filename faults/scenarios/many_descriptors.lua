-- A host with many descriptors: the child's ends are far up, and go onto numbers that the loop has reserved.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

local COUNT = 80 -- above 64, the loop copies no more

return function(pipe)
  local filler = {}
  for i = 1, COUNT do
    filler[i] = libc.C.dup(0)
  end
  attempt.finally(function()
    local proc = attempt.echo(pipe)
    attempt.method(proc, "shutdown", "stdin")
    assert(attempt.read_all(proc) == "") -- it ends only where nobody here has kept the child's end
    assert(attempt.method(proc, "wait"))
  end, function()
    for _, fd in ipairs(filler) do
      libc.C.close(fd)
    end
  end)
end
