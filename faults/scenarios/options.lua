-- What a child can be given beside its descriptors.
local attempt = require("faults.attempt")

return function(pipe)
  local proc = attempt.call(pipe.spawn, "pwd; ulimit -n; nice; umask", {
    cwd = "/", rlimits = { nofile = 64, core = 0 }, nice = 19, umask = "027", affinity = "all", subreaper = true,
    parent_death_signal = "KILL", process_group = true,
  })
  assert(attempt.read_all(proc) == "/\n64\n19\n0027\n")
  assert(attempt.method(proc, "wait"))
end
