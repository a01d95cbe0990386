-- Sends a line to and fro through PROGRAM, a cat, ROUND_TRIPS times. With "pinned", both
-- stay on one processor.
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("pipe")
local processor = require("processor")

local round_trips, program, pinned = ...
round_trips = tonumber(round_trips)
if pinned then processor.stay() end

local proc = assert(pipe.spawn({ child(program) }))
local function ping()
  assert(proc:write("ping\n") == 5)
  assert(proc:stdout_read_line() == "ping")
end

ping() -- now it has started
local wall = clock.wall()
for _ = 1, round_trips do ping() end
wall = clock.wall() - wall
assert(proc:shutdown("stdin"))
assert(proc:wait())

clock.report("us", wall * 1e6 / round_trips)
