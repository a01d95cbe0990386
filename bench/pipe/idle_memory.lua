-- idle_memory CHILDREN WAY: what a living child costs that does nothing. WAY: "untouched"; "wait" or "read_line" by a
-- light thread for each of them; or "all": three light threads each, which wait, and read both outputs.
package.path = package.path .. ";bench/?.lua"
local burden = require("burden")
local clock = require("clock")
local memory = require("memory")
local pipe = require("pipe")

local CHILD = { require("child")("child_sleep") }

local children, way = assert(tonumber(arg[1])), arg[2]
local function never() error("a child that lives for ever has ended, or the time for it has passed") end
local spawn = pipe.thread.spawn
local ways = {
  untouched = function() end,
  wait = function(proc) spawn(function() never(proc:wait()) end) end,
  read_line = function(proc) spawn(function() never(proc:stdout_read_line()) end) end,
}
function ways.all(proc)
  ways.wait(proc)
  ways.read_line(proc)
  spawn(function() never(proc:stderr_read_line()) end)
end
local touch = assert(ways[way], "no such way")

local procs = {}

local function start(first, last)
  for i = first, last do
    procs[i] = assert(pipe.spawn(CHILD))
    touch(procs[i])
  end
  pipe.sleep(0) -- a turn of the loop: now the kernel has been told of everything
end

burden.raise_descriptor_limit()
-- The first one brings what is there only once, and the table of children is as long as it will be.
for i = 1, children + 1 do procs[i] = false end
start(1, 1)
local lua, malloced = memory.lua(), memory.malloced()
start(2, children + 1)
local more_lua, more_malloced = memory.lua() - lua, memory.malloced() - malloced

for _, proc in ipairs(procs) do assert(select(2, proc:try_wait()) == "running") end
clock.report("malloc", more_malloced / children)
clock.report("lua", more_lua / children)
