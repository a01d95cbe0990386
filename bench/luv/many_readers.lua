-- Starts CHILDREN children at once, each of which writes 1 MiB, and reads all of them.
package.path = package.path .. ";bench/?.lua;bench/luv/?.lua"
local burden = require("burden")
local child = require("child")
local clock = require("clock")
local started = require("started")
local uv = require("luv")

local children = tonumber((...))
local program, arguments = child("child_mebibyte"), {}
burden.raise_descriptor_limit()
local wall, cpu = clock.wall(), clock.cpu()

local sum, ended = 0, 0
local function read()
  local _, stdout = started(program, arguments)
  local chunks = {}
  stdout:read_start(function(err, chunk)
    assert(not err, err)
    if chunk then
      chunks[#chunks + 1] = chunk
    else
      sum = sum + #table.concat(chunks)
      ended = ended + 1
      stdout:close()
    end
  end)
end
for _ = 1, children do read() end
uv.run()
wall, cpu = clock.wall() - wall, clock.cpu() - cpu
assert(ended == children and sum == children * 2 ^ 20, ended)

clock.report("ms", wall * 1e3)
clock.report("cpu_ms", cpu * 1e3)
