-- Writes BYTES bytes in strings of 64 KiB.
package.path = package.path .. ";bench/?.lua"
local blocks = require("unlike_blocks")
local child = require("child")
local clock = require("clock")

local bytes = ...
local wall, cpu = clock.wall(), clock.cpu()

local file = assert(io.popen(child("child_discard") .. " " .. bytes, "w"))
for i = 1, bytes / blocks.SIZE do
  assert(file:write(blocks[i % #blocks + 1]))
end
assert(file:close()) -- the child complains where bytes are missing

clock.report("cpu_s", clock.cpu() - cpu)
clock.report("wall_s", clock.wall() - wall)
