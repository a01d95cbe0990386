-- As bench/pipe/idle_wakeups.lua. CHILDREN SECONDS
package.path = package.path .. ";bench/?.lua"
local burden = require("burden")
local child = require("child")
local clock = require("clock")
local ngx_pipe = require("ngx.pipe")
local wakeups = require("wakeups")

local NEVER = { stdout_read_timeout = 0, wait_timeout = 0 }

local children, seconds = ...
children, seconds = assert(tonumber(children)), assert(tonumber(seconds))
local function never() error("a child that lives for ever has ended") end

burden.raise_descriptor_limit()
local procs, threads = {}, {}
for i = 1, children do
  local proc = assert(ngx_pipe.spawn({ child("child_sleep") }, NEVER))
  procs[i] = proc
  threads[#threads + 1] = ngx.thread.spawn(function() never(proc:wait()) end)
  threads[#threads + 1] = ngx.thread.spawn(function() never(proc:stdout_read_line()) end)
end
ngx.sleep(0.1) -- for them to be asleep, too

local last = assert(ngx_pipe.spawn({ "sleep", seconds }, NEVER))
local before, start = wakeups(), clock.wall()
assert(last:wait())
local after, took = wakeups(), clock.wall() - start
assert(took > seconds * 0.9)

for _, th in ipairs(threads) do ngx.thread.kill(th) end
for _, proc in ipairs(procs) do assert(proc:kill(9)) end
return { wakeups = after - before - 1 } -- without that exit
