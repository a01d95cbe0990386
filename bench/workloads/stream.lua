-- cpu_s is the host's own processor time. The string that a write is made of exists already; one that is read has to be
-- made, which is why LuaJIT, and not C, is the limit there. "LuaJIT with pipe's heap" is the same loop in a script that
-- has loaded the library without using it.
local GIB = 2 ^ 30
local READ, WRITE = 4 * GIB, 2 * GIB

local reading, writing = "read_any(65536) of 4 GiB", "write of 2 GiB in 64 KiB strings"

return {
  number = 5,
  title = "streams of unlike data",
  cases = {
    { name = reading, metrics = { "cpu_s", "wall_s" }, unit = "s", rounds = 5, chart = "read_any", contenders = {
      { "C", c "read_any", READ },
      { "LuaJIT", luajit "read_any", READ },
      { "LuaJIT with pipe's heap", luajit "read_any", READ, "pipe" },
      { "pipe", pipe "read_any", READ },
      { "pipe, light thread", pipe "in_thread", "read_any", READ },
      { "luv", luv "read_any", READ },
      { "io.popen", popen "read_any", READ },
      { "ngx.pipe", ngx "read_any", READ },
    } },
    { name = writing, metrics = { "cpu_s", "wall_s" }, unit = "s", rounds = 7, chart = "write", contenders = {
      { "C", c "write", WRITE },
      { "pipe", pipe "write", WRITE },
      { "pipe, light thread", pipe "in_thread", "write", WRITE },
      { "luv", luv "write", WRITE },
      { "io.popen", popen "write", WRITE },
      { "ngx.pipe", ngx "write", WRITE },
    } },
  },
  figures = {
    { "read_any: host CPU against LuaJIT", most = 1.1, ratio = function(m)
      return m[reading].pipe.cpu_s / m[reading].LuaJIT.cpu_s
    end },
    { "write: host CPU against C", most = 1.15, ratio = function(m)
      return m[writing].pipe.cpu_s / m[writing].C.cpu_s
    end },
  },
}
