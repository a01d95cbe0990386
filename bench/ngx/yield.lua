-- As bench/pipe/yield.lua. COUNT THREADS
package.path = package.path .. ";bench/?.lua"
local clock = require("clock")

local count, threads = ...
count, threads = assert(tonumber(count)), assert(tonumber(threads))
local yield = coroutine.yield

local function measure(times)
  local turns = 0
  local yielders = {}
  local start = clock.wall()
  for i = 1, threads do
    yielders[i] = ngx.thread.spawn(function()
      for _ = 1, times do
        yield()
        turns = turns + 1
      end
    end)
  end
  for i = 1, threads do assert(ngx.thread.wait(yielders[i])) end
  local took = clock.wall() - start
  assert(turns == times * threads)
  return took / turns * 1e6
end

measure(count / 10)
return { us = measure(count) }
