-- A host that does not see its child in /proc: it cannot reach the tree, and says so.
local attempt = require("faults.attempt")

return function(pipe)
  local proc = attempt.call(pipe.spawn, { "/bin/cat" })
  attempt.refused("EACCES", proc.kill_tree, proc, "TERM")
  proc:close()
end
