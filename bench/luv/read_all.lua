-- Reads BYTES bytes into one string.
package.path = package.path .. ";bench/?.lua;bench/luv/?.lua"
local child = require("child")
local clock = require("clock")
local started = require("started")
local uv = require("luv")

local bytes = ...
local peak = clock.peak()
local wall = clock.wall()

local chunks = {}
local _, stdout = started(child("child_blocks"), { bytes })
stdout:read_start(function(err, chunk)
  assert(not err, err)
  if chunk then
    chunks[#chunks + 1] = chunk
  else
    stdout:close()
  end
end)
uv.run()
local data = table.concat(chunks)
wall = clock.wall() - wall
assert(#data == tonumber(bytes), #data)

clock.report("gb_s", #data / 1e9 / wall)
clock.report("peak", (clock.peak() - peak) / #data)
