-- Reads the LINES lines of a PROGRAM, LENGTH bytes without their ends, by read(2), memchr(3) and a string for each.
package.path = package.path .. ";bench/?.lua;bench/luajit/?.lua"
local ffi = require("ffi")
local clock = require("clock")
local descriptor = require("descriptor")

local SIZE, LF = 65536, 10
local char_pointer = ffi.typeof("const char *")

-- Calls `each` with every line; lines are shorter than SIZE.
local function each_line(fd, each)
  local room = ffi.new("char[?]", 2 * SIZE)
  local rest = 0 -- of a line that has begun, at the start of the room
  while true do
    local count = descriptor.read(fd, room + rest, SIZE)
    if count == 0 then break end
    local from, left = ffi.cast(char_pointer, room), rest + count
    while true do
      local newline = ffi.C.bench_memchr(from, LF, left)
      if newline == nil then break end
      local length = ffi.cast(char_pointer, newline) - from
      each(ffi.string(from, length))
      from, left = from + length + 1, left - length - 1
    end
    assert(left <= SIZE, "a line is too long")
    ffi.C.bench_memmove(room, from, left)
    rest = left
  end
  assert(rest == 0, "the last line has no end")
end

local lines, length, program = ...
local wall, cpu = clock.wall(), clock.cpu()

local fd, finish = descriptor.of(program, select(4, ...))
local count, sum = 0, 0
each_line(fd, function(line)
  count = count + 1
  sum = sum + #line
end)
finish()
wall, cpu = clock.wall() - wall, clock.cpu() - cpu
assert(count == tonumber(lines) and sum == tonumber(length), count)

clock.report("million_s", count / 1e6 / wall)
clock.report("cpu_s", cpu)
