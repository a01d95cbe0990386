-- As bench/pipe/spawn.lua. COUNT [MEBIBYTES] [DESCRIPTORS] [DESCRIPTORS]
package.path = package.path .. ";bench/?.lua"

require("spawning")({ ... }, function()
  local ngx_pipe = require("ngx.pipe")
  return function(path)
    local proc = assert(ngx_pipe.spawn({ path }))
    assert(proc:wait()) -- closes its pipes, too
  end
end)
