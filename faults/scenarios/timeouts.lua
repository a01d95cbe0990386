-- A child that says nothing and does not end: the waits for it do, and then it is killed.
local attempt = require("faults.attempt")

return function(pipe)
  local proc = attempt.call(pipe.spawn, { "/bin/sleep", "60" }, { process_group = true })
  assert(attempt.refused("running", proc.try_wait, proc) == nil)
  proc:set_timeouts(1, 1, 1, 1)
  attempt.refused("timeout", proc.stdout_read_line, proc)
  attempt.refused("timeout", proc.wait, proc)
  proc:set_timeouts(nil, nil, nil, 10000)
  attempt.method(proc, "kill", "TERM")
  assert(select(3, attempt.method(proc, "wait")) == 15)
  attempt.refused("exited", proc.kill, proc, "TERM")
end
