-- A host without a stdin of its own: what the library opens goes elsewhere.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

return function(pipe)
  local kept = libc.C.dup(0)
  libc.C.close(0)
  attempt.finally(function()
    attempt.echo(pipe):close()
  end, function()
    libc.C.dup2(kept, 0)
    libc.C.close(kept)
  end)
end
