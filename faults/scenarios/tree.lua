-- A child with children of its own: all of them get the signal, and the end of file tells that none is left.
local attempt = require("faults.attempt")

return function(pipe)
  -- Nobody is being forked when it is ready: a process that hides from one look into /proc is found by the next.
  local script = "sleep 60 & sh -c 'sleep 60 & echo ready; wait'; :"
  for _, signal in ipairs { "TERM", "KILL" } do
    local proc = attempt.call(pipe.spawn, { "/bin/sh", "-c", script })
    assert(attempt.method(proc, "stdout_read_line") == "ready")
    local tries = 0
    attempt.call(function()
      local ok, err, code = proc:kill_tree(signal)
      tries = tries + 1
      -- Where the first try failed, those who had been found were signalled all the same.
      return ok or tries > 1 and err == "exited" or nil, err, code
    end)
    assert(attempt.read_all(proc) == "")
    attempt.method(proc, "wait")
  end
end
