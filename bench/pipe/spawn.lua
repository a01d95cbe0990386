-- Workloads 1 to 3 by this library; see bench/spawning.lua.
package.path = package.path .. ";bench/?.lua"

require("spawning")(arg, function()
  local pipe = require("pipe")
  return function(path)
    local proc = assert(pipe.spawn({ path }))
    assert(proc:wait())
    proc:close()
  end
end)
