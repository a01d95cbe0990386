-- Somebody else reaps the child.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

return function(pipe)
  local proc = attempt.call(pipe.spawn, { "/bin/sh", "-c", "exit 6" })
  libc.await(proc:pid())
  local _, reason, status = proc:wait()
  assert(status == 6 or reason == "exit status lost") -- without a pidfd, or before Linux 6.15, nobody knows it
end
