-- Starts CHILDREN children at once, each of which writes 1 MiB, and reads each of them in a light thread.
package.path = package.path .. ";bench/?.lua"
local burden = require("burden")
local child = require("child")
local clock = require("clock")
local pipe = require("pipe")

local children = tonumber((...))
local program = child("child_mebibyte")
burden.raise_descriptor_limit()
local wall, cpu = clock.wall(), clock.cpu()

local sum, ended = 0, 0
local function read()
  local proc = assert(pipe.spawn({ program }))
  local data = assert(proc:stdout_read_all())
  assert(proc:wait())
  sum = sum + #data
  ended = ended + 1
end
for _ = 1, children do pipe.thread.spawn(read) end
pipe.loop.run()
wall, cpu = clock.wall() - wall, clock.cpu() - cpu
assert(ended == children and sum == children * 2 ^ 20, ended)

clock.report("ms", wall * 1e3)
clock.report("cpu_ms", cpu * 1e3)
