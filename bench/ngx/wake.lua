-- As bench/pipe/wake.lua. COUNT SECONDS
package.path = package.path .. ";bench/?.lua"
local clock = require("clock")
local semaphore = require("ngx.semaphore")

local count, timeout = ...
count, timeout = assert(tonumber(count)), assert(tonumber(timeout))

local function measure(times)
  local ping, pong = assert(semaphore.new()), assert(semaphore.new())
  local turns = 0
  local start = clock.wall()
  local first = ngx.thread.spawn(function()
    for _ = 1, times do
      ping:post()
      assert(pong:wait(timeout))
      turns = turns + 1
    end
  end)
  local second = ngx.thread.spawn(function()
    for _ = 1, times do
      assert(ping:wait(timeout))
      turns = turns + 1
      pong:post()
    end
  end)
  assert(ngx.thread.wait(first))
  assert(ngx.thread.wait(second))
  local took = clock.wall() - start
  assert(turns == times * 2)
  return took / turns * 1e6
end

measure(count / 10)
return { us = measure(count) }
