-- idle_memory CHILDREN WAY: as bench/pipe/idle_memory.lua, by callbacks.
package.path = package.path .. ";bench/?.lua"
local burden = require("burden")
local clock = require("clock")
local memory = require("memory")
local uv = require("luv")

local CHILD = require("child")("child_sleep")

local children, way = assert(tonumber(arg[1])), arg[2]
local outputs = assert(({ untouched = 0, wait = 0, read_line = 1, all = 2 })[way], "no such way")
local function never() error("a child that lives for ever has ended") end
local on_exit = (way == "wait" or way == "all") and never or nil

local handles = {}

local function start(first, last)
  for i = first, last do
    local stdio = { uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false) }
    local process = assert(uv.spawn(CHILD, { stdio = stdio }, on_exit))
    for output = 1, outputs do assert(stdio[1 + output]:read_start(never)) end
    handles[i] = { process, stdio }
  end
  uv.run("nowait")
end

burden.raise_descriptor_limit()
for i = 1, children + 1 do handles[i] = false end
start(1, 1)
local lua, malloced = memory.lua(), memory.malloced()
start(2, children + 1)
local more_lua, more_malloced = memory.lua() - lua, memory.malloced() - malloced

for _, handle in ipairs(handles) do assert(handle[1]:is_active()) end
clock.report("malloc", more_malloced / children)
clock.report("lua", more_lua / children)
