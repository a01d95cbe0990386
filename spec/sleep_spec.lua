-- pipe.sleep. No durations are asserted: only that it comes back, and who runs meanwhile.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local places = require "spec.places"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

for _, place in ipairs(places) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  describe("In " .. place.name .. ", pipe.sleep", function()
    case("comes back, with nothing", function()
      for _, seconds in ipairs { 0, 0.001, 0.0001, 1e-9 } do
        assert.equal(0, select("#", pipe.sleep(seconds)))
      end
    end)

    case("lets the other light threads go on, also with 0", function()
      for _, seconds in ipairs { 0, 0.001 } do
        local resumed = false
        pipe.thread.spawn(function()
          coroutine.yield()
          resumed = true
        end)
        pipe.sleep(seconds)
        assert.is_true(resumed)
      end
    end)

    case("ends in the order of the deadlines", function()
      local long = pipe.thread.spawn(function() pipe.sleep(1000) end)
      local short = pipe.thread.spawn(function()
        pipe.sleep(0.001)
        return "short"
      end)
      assert.same({ true, "short" }, { pipe.thread.wait(long, short) })
      assert.is_true(pipe.thread.kill(long))
    end)

    case("throws for what is no number of seconds", function()
      local text = "bad seconds arg: non-negative number expected, got "
      thrown(text .. "-1", pipe.sleep, -1)
      thrown(text .. "-0.001", pipe.sleep, -0.001)
      thrown(text .. tostring(0 / 0), pipe.sleep, 0 / 0)
      thrown(text .. "nil", pipe.sleep, nil)
      thrown(text .. "nil", pipe.sleep)
      for _, value in ipairs { "soon", {}, true, print, -1 / 0 } do
        assert.is_false((pcall(pipe.sleep, value)))
      end
    end)
  end)
end

describe("Many sleepers", function()
  it("all wake", function()
    local woken, threads = 0, {}
    for number = 1, 1000 do
      threads[number] = pipe.thread.spawn(function()
        pipe.sleep(number % 10 / 1000)
        woken = woken + 1
      end)
    end
    for _, th in ipairs(threads) do
      pipe.thread.wait(th)
    end
    assert.equal(1000, woken)
  end)
end)
