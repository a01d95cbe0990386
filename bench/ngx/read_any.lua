-- As bench/pipe/read_any.lua. BYTES
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("ngx.pipe")

local bytes = ...
local wall, cpu = clock.wall(), clock.cpu()

local proc = assert(pipe.spawn({ child("child_blocks"), bytes }, { buffer_size = 65536 }))
local got = 0
while true do
  local data, err = proc:stdout_read_any(65536)
  if not data then
    assert(err == "closed", err)
    break
  end
  got = got + #data
end
assert(proc:wait())
assert(got == tonumber(bytes), got)

return { cpu_s = clock.cpu() - cpu, wall_s = clock.wall() - wall }
