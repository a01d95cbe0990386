-- yield COUNT THREADS: the least that a switch can cost: coroutines resumed one after the other by a loop that does
-- nothing else.
package.path = package.path .. ";bench/?.lua"
local clock = require("clock")

local count, threads = assert(tonumber(arg[1])), assert(tonumber(arg[2]))
local yield, resume = coroutine.yield, coroutine.resume

local function measure(times)
  local turns, last = 0, nil
  local yielders = {}
  local start = clock.wall()
  for i = 1, threads do
    yielders[i] = coroutine.create(function()
      for _ = 1, times do
        yield()
        assert(last ~= i or threads == 1, "a coroutine has had two turns at once")
        last, turns = i, turns + 1
      end
    end)
  end
  for _ = 1, times + 1 do
    for i = 1, threads do assert(resume(yielders[i])) end
  end
  local took = clock.wall() - start
  assert(turns == times * threads)
  return took / turns * 1e6
end

measure(count / 10)
clock.report("us", measure(count))
