-- As bench/pipe/write.lua. BYTES
package.path = package.path .. ";bench/?.lua"
local blocks = require("unlike_blocks")
local child = require("child")
local clock = require("clock")
local pipe = require("ngx.pipe")

local bytes = ...
local wall, cpu = clock.wall(), clock.cpu()

local proc = assert(pipe.spawn({ child("child_discard"), bytes }))
for i = 1, bytes / blocks.SIZE do
  assert(proc:write(blocks[i % #blocks + 1]) == blocks.SIZE)
end
assert(proc:shutdown("stdin"))
assert(proc:wait())

return { cpu_s = clock.cpu() - cpu, wall_s = clock.wall() - wall }
