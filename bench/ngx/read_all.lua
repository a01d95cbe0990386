-- As bench/pipe/read_all.lua. BYTES
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("ngx.pipe")

local bytes = ...
local peak = clock.peak()
local wall = clock.wall()

local proc = assert(pipe.spawn({ child("child_blocks"), bytes }, { buffer_size = 65536 }))
local data = assert(proc:stdout_read_all())
assert(proc:wait())
wall = clock.wall() - wall
assert(#data == tonumber(bytes), #data)

return { gb_s = #data / 1e9 / wall, peak = (clock.peak() - peak) / #data }
