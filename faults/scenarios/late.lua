-- A host that has gone when its child asks to be told of that: the child sends the signal to itself.
local attempt = require("faults.attempt")

return function(pipe)
  local proc = attempt.call(pipe.spawn, { "/bin/cat" }, { parent_death_signal = "KILL" })
  assert(select(3, attempt.method(proc, "wait")) == 9)
end
