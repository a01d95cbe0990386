-- Writes BYTES bytes in strings of 64 KiB, the next as soon as one is through.
package.path = package.path .. ";bench/?.lua;bench/luv/?.lua"
local blocks = require("unlike_blocks")
local child = require("child")
local clock = require("clock")
local started = require("started")
local uv = require("luv")

local bytes = ...
local wall, cpu = clock.wall(), clock.cpu()

local stdin, stdout = started(child("child_discard"), { bytes })
stdout:close()
local left = bytes / blocks.SIZE
local function write_next(err)
  assert(not err, err)
  if left == 0 then return stdin:close() end
  left = left - 1
  stdin:write(blocks[left % #blocks + 1], write_next)
end
write_next()
uv.run()
assert(left == 0)

clock.report("cpu_s", clock.cpu() - cpu)
clock.report("wall_s", clock.wall() - wall)
