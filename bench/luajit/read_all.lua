-- Reads BYTES bytes into a buffer that doubles, and makes one string of them.
package.path = package.path .. ";bench/?.lua;bench/luajit/?.lua"
local ffi = require("ffi")
local clock = require("clock")
local descriptor = require("descriptor")

local bytes = ...
local peak = clock.peak()
local wall = clock.wall()

local fd, finish = descriptor.of("child_blocks", bytes)
local capacity, got = 65536, 0
local buffer = ffi.cast("char *", ffi.C.bench_realloc(nil, capacity))
while true do
  local count = descriptor.read(fd, buffer + got, capacity - got)
  if count == 0 then break end
  got = got + count
  if got == capacity then
    capacity = capacity * 2
    buffer = ffi.cast("char *", ffi.C.bench_realloc(buffer, capacity))
    if buffer == nil then error("no memory") end
  end
end
local data = ffi.string(buffer, got)
ffi.C.bench_realloc(buffer, 0) -- which frees it
finish()
wall = clock.wall() - wall
assert(#data == tonumber(bytes), #data)

clock.report("gb_s", #data / 1e9 / wall)
clock.report("peak", (clock.peak() - peak) / #data)
