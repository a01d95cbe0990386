-- A host without a stdin and a stderr of its own: what the library opens comes to lie there, also where it opens two at
-- once, and goes elsewhere.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

local function open_everything(pipe)
  attempt.call(pipe.loop.fd)
  attempt.call(pipe.signal.on, "USR1", print):stop()
  local proc = attempt.echo(pipe)
  attempt.method(proc, "kill_tree", "KILL")
  attempt.method(proc, "wait")
  proc = attempt.call(pipe.spawn, { "/bin/cat" }, { pty = true })
  attempt.method(proc, "shutdown", "stdin")
  attempt.method(proc, "wait")
  proc = attempt.call(pipe.spawn, { "/bin/cat" }, { stdin = { file = "/dev/null" }, stderr = "null" })
  assert(attempt.read_all(proc) == "")
  attempt.method(proc, "wait")
  local line = attempt.call(pipe.pipeline, { { "/bin/cat" }, { "/bin/cat" } }, { stderr = "pipe" })
  attempt.method(line, "shutdown", "stdin")
  attempt.method(line, "wait")
end

local STDIN, STDERR = 0, 2 -- the host reports by 1
local FAR_UP = 90

libc.C.close(STDERR) -- before the loop is opened

return function(pipe)
  local kept = libc.C.dup2(STDIN, FAR_UP)
  libc.C.close(STDIN)
  attempt.finally(function() open_everything(pipe) end, function()
    assert(libc.C.close(STDIN) < 0 and libc.C.close(STDERR) < 0, "somebody has taken it")
    libc.C.dup2(kept, STDIN)
    libc.C.close(kept)
  end)
end
