-- Reads BYTES bytes into one string.
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("pipe")

local bytes = ...
local peak = clock.peak()
local wall = clock.wall()

local proc = assert(pipe.spawn({ child("child_blocks"), bytes }))
local data = assert(proc:stdout_read_all())
assert(proc:wait())
wall = clock.wall() - wall
assert(#data == tonumber(bytes), #data)

clock.report("gb_s", #data / 1e9 / wall)
clock.report("peak", (clock.peak() - peak) / #data)
