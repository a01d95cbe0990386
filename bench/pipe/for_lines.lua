-- As read_line.lua, by a loop over stdout_lines().
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("pipe")

local lines, length, program = ...
local wall, cpu = clock.wall(), clock.cpu()

local proc = assert(pipe.spawn({ child(program), select(4, ...) }))
local count, sum = 0, 0
for line in proc:stdout_lines() do
  count = count + 1
  sum = sum + #line
end
assert(proc:wait())
wall, cpu = clock.wall() - wall, clock.cpu() - cpu
assert(count == tonumber(lines) and sum == tonumber(length), count)

clock.report("million_s", count / 1e6 / wall)
clock.report("cpu_s", cpu)
