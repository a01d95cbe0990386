-- Reads the LINES lines of a PROGRAM, LENGTH bytes without their ends, by stdout_read_line().
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("pipe")

local lines, length, program = ...
local wall, cpu = clock.wall(), clock.cpu()

local proc = assert(pipe.spawn({ child(program), select(4, ...) }))
local count, sum = 0, 0
while true do
  local line, err, rest = proc:stdout_read_line()
  if not line then
    assert(err == "closed" and rest == "", err)
    break
  end
  count = count + 1
  sum = sum + #line
end
assert(proc:wait())
wall, cpu = clock.wall() - wall, clock.cpu() - cpu
assert(count == tonumber(lines) and sum == tonumber(length), count)

clock.report("million_s", count / 1e6 / wall)
clock.report("cpu_s", cpu)
