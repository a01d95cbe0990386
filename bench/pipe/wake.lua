-- wake COUNT SECONDS: two light threads that wake each other COUNT times, each by a semaphore that the other one waits
-- for, SECONDS at most; "forever" without a timeout.
package.path = package.path .. ";bench/?.lua"
local clock = require("clock")
local pipe = require("pipe")

local count = assert(tonumber(arg[1]))
local timeout = arg[2] == "forever" and math.huge or assert(tonumber(arg[2]))

-- Somebody waits for an event meanwhile: without that there would be no event loop to look at.
local sleeper = pipe.thread.spawn(pipe.sleep, 3600)

local function measure(times)
  local ping, pong = pipe.semaphore.new(), pipe.semaphore.new()
  local turns = 0
  local start = clock.wall()
  local first = pipe.thread.spawn(function()
    for _ = 1, times do
      ping:post()
      assert(pong:wait(timeout))
      turns = turns + 1
    end
  end)
  local second = pipe.thread.spawn(function()
    for _ = 1, times do
      assert(ping:wait(timeout))
      turns = turns + 1
      pong:post()
    end
  end)
  assert(pipe.thread.wait(first))
  assert(pipe.thread.wait(second))
  local took = clock.wall() - start
  assert(turns == times * 2)
  return took / turns * 1e6
end

measure(count / 10)
clock.report("us", measure(count))
pipe.thread.kill(sleeper)
