-- yield COUNT THREADS WHOSE: light threads that do nothing but yield, each COUNT times. WHOSE: "plain", Lua's own
-- coroutine.yield(), or "pipe", pipe.coroutine's.
package.path = package.path .. ";bench/?.lua"
local clock = require("clock")
local pipe = require("pipe")

local count, threads = assert(tonumber(arg[1])), assert(tonumber(arg[2]))
local yield = assert(({ plain = coroutine.yield, pipe = pipe.coroutine.yield })[arg[3]], "no such yield")

-- Somebody waits for an event meanwhile: without that there would be no event loop to look at.
local sleeper = pipe.thread.spawn(pipe.sleep, 3600)

local function measure(times)
  local turns, last = 0, nil
  local yielders = {}
  local start = clock.wall()
  for i = 1, threads do
    yielders[i] = pipe.thread.spawn(function()
      for _ = 1, times do
        yield()
        assert(last ~= i or threads == 1, "a thread has had two turns at once")
        last, turns = i, turns + 1
      end
    end)
  end
  for i = 1, threads do assert(pipe.thread.wait(yielders[i])) end
  local took = clock.wall() - start
  assert(turns == times * threads)
  return took / turns * 1e6
end

measure(count / 10)
clock.report("us", measure(count))
pipe.thread.kill(sleeper)
