-- Sends a line to and fro through PROGRAM, a cat, ROUND_TRIPS times. With "pinned", both
-- stay on one processor.
package.path = package.path .. ";bench/?.lua;bench/luv/?.lua"
local child = require("child")
local clock = require("clock")
local processor = require("processor")
local started = require("started")
local uv = require("luv")

local round_trips, program, pinned = ...
round_trips = tonumber(round_trips)
if pinned then processor.stay() end

local stdin, stdout = started(child(program), {})
local function ping()
  assert(stdin:try_write("ping\n") == 5)
end

local done = -1 -- the first one only tells that it has started
local wall, rest = nil, ""
stdout:read_start(function(err, data)
  assert(not err, err)
  if not data then return stdout:close() end
  rest = rest .. data
  if rest:sub(-1) ~= "\n" then return end
  assert(rest == "ping\n")
  rest = ""
  done = done + 1
  wall = wall or clock.wall()
  if done < round_trips then return ping() end
  wall = clock.wall() - wall
  stdin:close()
end)
ping()
uv.run()
assert(done == round_trips)

clock.report("us", wall * 1e6 / round_trips)
