-- Another user and other groups, by name and by number.
local attempt = require("faults.attempt")

return function(pipe)
  local proc = attempt.call(pipe.spawn, { "id", "-u" }, { uid = "nobody" })
  assert(attempt.read_all(proc) == "65534\n")
  assert(attempt.method(proc, "wait"))
  proc = attempt.call(pipe.spawn, { "id", "-G" }, { uid = 65534, gid = "daemon", groups = { "bin", 7 }, pty = true })
  assert(attempt.method(proc, "stdout_read_line") == "1 2 7")
  assert(attempt.method(proc, "wait"))
  attempt.call(pipe.spawn, { "/bin/true" }, { uid = 65534 })
end
