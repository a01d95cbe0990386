-- Reads BYTES unlike bytes.
package.path = package.path .. ";bench/?.lua;bench/luv/?.lua"
local child = require("child")
local clock = require("clock")
local started = require("started")
local uv = require("luv")

local bytes = ...
local wall, cpu = clock.wall(), clock.cpu()

local got = 0
local _, stdout = started(child("child_blocks"), { bytes })
stdout:read_start(function(err, data)
  assert(not err, err)
  if data then
    got = got + #data
  else
    stdout:close()
  end
end)
uv.run()
assert(got == tonumber(bytes), got)

clock.report("cpu_s", clock.cpu() - cpu)
clock.report("wall_s", clock.wall() - wall)
