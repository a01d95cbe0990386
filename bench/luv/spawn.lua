-- Workloads 1 to 3 by luv; see bench/spawning.lua.
package.path = package.path .. ";bench/?.lua"

require("spawning")(arg, function()
  local uv = require("luv")
  return function(path)
    local ends = { uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false) }
    local handle, exit_code, exit_signal
    handle = assert(uv.spawn(path, { stdio = ends }, function(code, signum)
      exit_code, exit_signal = code, signum
      handle:close()
      for i = 1, 3 do ends[i]:close() end
    end))
    uv.run() -- until all is closed
    assert(exit_code == 0 and exit_signal == 0, "the child did not exit with 0")
  end
end)
