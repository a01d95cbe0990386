-- As bench/pipe/idle_memory.lua. CHILDREN WAY
package.path = package.path .. ";bench/?.lua"
local burden = require("burden")
local child = require("child")
local memory = require("memory")
local ngx_pipe = require("ngx.pipe")

local children, way = ...
children = assert(tonumber(children))
local function never() error("a child that lives for ever has ended, or the time for it has passed") end

local threads = {}
local function spawn(f) threads[#threads + 1] = ngx.thread.spawn(f) end

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
    procs[i] = assert(ngx_pipe.spawn({ child("child_sleep") }))
    touch(procs[i])
  end
  ngx.sleep(0)
end

burden.raise_descriptor_limit()
for i = 1, children + 1 do procs[i] = false end
start(1, 1)
local lua, malloced = memory.lua(), memory.malloced()
start(2, children + 1)
local more_lua, more_malloced = memory.lua() - lua, memory.malloced() - malloced

for _, th in ipairs(threads) do ngx.thread.kill(th) end
for _, proc in ipairs(procs) do assert(proc:kill(9)) end -- else the request would wait for them
return { malloc = more_malloced / children, lua = more_lua / children }
