-- Reads BYTES unlike bytes in strings of 64 KiB.
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")

local bytes = ...
local wall, cpu = clock.wall(), clock.cpu()

local file = assert(io.popen(child("child_blocks") .. " " .. bytes))
local got = 0
while true do
  local data = file:read(65536)
  if not data then break end
  got = got + #data
end
assert(file:close())
assert(got == tonumber(bytes), got)

clock.report("cpu_s", clock.cpu() - cpu)
clock.report("wall_s", clock.wall() - wall)
