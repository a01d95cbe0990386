-- Reads BYTES unlike bytes by stdout_read_any(65536).
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("pipe")

local bytes = ...
local wall, cpu = clock.wall(), clock.cpu()

local proc = assert(pipe.spawn({ child("child_blocks"), bytes }))
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

clock.report("cpu_s", clock.cpu() - cpu)
clock.report("wall_s", clock.wall() - wall)
