-- Sends BYTES bytes through three programs.
package.path = package.path .. ";bench/?.lua"
local child = require("child")
local clock = require("clock")
local pipe = require("pipe")

local bytes = ...
local wall = clock.wall()

local stages = { { child("child_blocks"), bytes }, { "cat" }, { child("child_discard"), bytes } }
local pipeline = assert(pipe.pipeline(stages, { stdin = "inherit", stdout = "inherit", wait_timeout = 0 }))
assert(pipeline:wait())

clock.report("wall_s", clock.wall() - wall)
