-- Reads the LINES lines of a PROGRAM, LENGTH bytes without their ends, by a loop over lines().
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")

local lines, length, program = ...
local wall, cpu = clock.wall(), clock.cpu()

local file = assert(io.popen(table.concat({ child(program), select(4, ...) }, " ")))
local count, sum = 0, 0
for line in file:lines() do
  count = count + 1
  sum = sum + #line
end
assert(file:close())
wall, cpu = clock.wall() - wall, clock.cpu() - cpu
assert(count == tonumber(lines) and sum == tonumber(length), count)

clock.report("million_s", count / 1e6 / wall)
clock.report("cpu_s", cpu)
