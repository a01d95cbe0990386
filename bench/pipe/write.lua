-- Writes BYTES bytes in strings of 64 KiB.
package.path = package.path .. ";bench/?.lua"
local blocks = require("unlike_blocks")
local child = require("child")
local clock = require("clock")
local pipe = require("pipe")

local bytes = ...
local wall, cpu = clock.wall(), clock.cpu()

local proc = assert(pipe.spawn({ child("child_discard"), bytes }))
for i = 1, bytes / blocks.SIZE do
  assert(proc:write(blocks[i % #blocks + 1]) == blocks.SIZE)
end
assert(proc:shutdown("stdin"))
assert(proc:wait())

clock.report("cpu_s", clock.cpu() - cpu)
clock.report("wall_s", clock.wall() - wall)
