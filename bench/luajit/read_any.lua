-- Reads BYTES unlike bytes by read(2), and makes a string of every block. With a MODULE named, that is loaded before:
-- the more of a script is alive, the more garbage its collector lets pile up, and the less of that memory is still in
-- the processor's cache when it is used again.
package.path = package.path .. ";bench/?.lua;bench/luajit/?.lua"
local ffi = require("ffi")
local clock = require("clock")
local descriptor = require("descriptor")

local SIZE = 65536

local bytes, module = ...
if module then require(module) end
local room = ffi.new("char[?]", SIZE)
local wall, cpu = clock.wall(), clock.cpu()

local fd, finish = descriptor.of("child_blocks", bytes)
local got = 0
while true do
  local count = descriptor.read(fd, room, SIZE)
  if count == 0 then break end
  local data = ffi.string(room, count)
  got = got + #data
end
finish()
assert(got == tonumber(bytes), got)

clock.report("cpu_s", clock.cpu() - cpu)
clock.report("wall_s", clock.wall() - wall)
