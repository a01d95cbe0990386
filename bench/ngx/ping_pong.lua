-- As bench/pipe/ping_pong.lua. ROUND_TRIPS PROGRAM
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("ngx.pipe")

local round_trips, program = ...
round_trips = tonumber(round_trips)

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

return { us = wall * 1e6 / round_trips }
