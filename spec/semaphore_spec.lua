-- pipe.semaphore, as ngx.semaphore.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local places = require "spec.places"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local nan, infinity = 0 / 0, 1 / 0

describe("A semaphore", function()
  it("has the resources that it was made with, by default none", function()
    assert.equal(0, pipe.semaphore.new():count())
    assert.equal(0, pipe.semaphore.new(0):count())
    assert.equal(3, pipe.semaphore.new(3):count())
  end)

  it("gets more by post, by default one", function()
    local semaphore = pipe.semaphore.new()
    semaphore:post()
    assert.equal(1, semaphore:count())
    semaphore:post(2)
    assert.equal(3, semaphore:count())
  end)

  it("has fewer than none while threads wait", function()
    local semaphore = pipe.semaphore.new()
    local one = pipe.thread.spawn(function() return semaphore:wait(1000) end)
    local two = pipe.thread.spawn(function() return semaphore:wait(1000) end)
    assert.equal(-2, semaphore:count())
    semaphore:post(3)
    assert.same({ true, true }, { pipe.thread.wait(one) })
    assert.same({ true, true }, { pipe.thread.wait(two) })
    assert.equal(1, semaphore:count())
  end)

  it("wakes in the order of arrival", function()
    local semaphore, log, threads = pipe.semaphore.new(), {}, {}
    for number = 1, 5 do
      threads[number] = pipe.thread.spawn(function()
        semaphore:wait(1000)
        log[#log + 1] = number
      end)
    end
    for _, th in ipairs(threads) do
      semaphore:post()
      pipe.thread.wait(th)
    end
    assert.same({ 1, 2, 3, 4, 5 }, log)
  end)

  it("passes by a waiter that was killed or has given up", function()
    local semaphore = pipe.semaphore.new()
    local killed = pipe.thread.spawn(function() return semaphore:wait(1000) end)
    local gone = pipe.thread.spawn(function() return semaphore:wait(0.001) end)
    local waiter = pipe.thread.spawn(function() return semaphore:wait(1000) end)
    pipe.thread.kill(killed)
    assert.same({ true, nil, "timeout" }, { pipe.thread.wait(gone) })
    assert.equal(-1, semaphore:count())
    semaphore:post()
    assert.same({ true, true }, { pipe.thread.wait(waiter) })
    assert.equal(0, semaphore:count())
  end)

  it("lets at most so many do their work at a time", function()
    local semaphore, running, most, threads = pipe.semaphore.new(3), 0, 0, {}
    for number = 1, 20 do
      threads[number] = pipe.thread.spawn(function()
        assert(semaphore:wait(1000))
        running = running + 1
        most = math.max(most, running)
        assert(pipe.spawn({ "true" })):wait()
        pipe.sleep(0) -- a child that has exited already lets nobody else run
        running = running - 1
        semaphore:post()
      end)
    end
    for _, th in ipairs(threads) do
      assert.is_true((pipe.thread.wait(th)))
    end
    assert.equal(3, most)
    assert.equal(3, semaphore:count())
  end)

  it("does not let a latecomer overtake the one that post has woken", function()
    local semaphore, log = pipe.semaphore.new(), {}
    local first = pipe.thread.spawn(function()
      semaphore:wait(1000)
      log[#log + 1] = "first"
    end)
    semaphore:post()
    assert.same({ nil, "timeout" }, { semaphore:wait(0) })
    log[#log + 1] = "latecomer"
    pipe.thread.wait(first)
    assert.same({ "latecomer", "first" }, log)
  end)

  it("may be dropped while nobody waits", function()
    pipe.semaphore.new(1)
    collectgarbage()
  end)
end)

for _, place in ipairs(places) do
  describe("In " .. place.name .. ", semaphore:wait", function()
    local function case(name, body)
      it(name, function() place.run(body) end)
    end

    case("takes a resource that is there", function()
      local semaphore = pipe.semaphore.new(2)
      assert.same({ true }, { semaphore:wait(1) })
      assert.same({ true }, { semaphore:wait(0) })
      assert.equal(0, semaphore:count())
    end)

    case("waits for a resource", function()
      local semaphore = pipe.semaphore.new()
      pipe.thread.spawn(function()
        pipe.sleep(0)
        semaphore:post()
      end)
      assert.same({ true }, { semaphore:wait(1000) })
    end)

    case("gives up after its timeout", function()
      local semaphore = pipe.semaphore.new()
      assert.same({ nil, "timeout" }, { semaphore:wait(0.001) })
      assert.equal(0, semaphore:count())
    end)

    case("with 0, or nothing, does not wait at all", function()
      local semaphore, turns = pipe.semaphore.new(), 0
      local other = pipe.thread.spawn(function()
        pipe.sleep(0)
        turns = turns + 1
      end)
      assert.same({ nil, "timeout" }, { semaphore:wait(0) })
      assert.same({ nil, "timeout" }, { semaphore:wait() })
      assert.equal(0, turns)
      pipe.thread.wait(other)
    end)
  end)
end

describe("A semaphore throws", function()
  it("when it is made with no number of resources", function()
    thrown("no negative number", pipe.semaphore.new, -1)
    thrown("bad n arg: whole number expected, got 1.5", pipe.semaphore.new, 1.5)
    thrown("bad n arg: whole number expected, got " .. tostring(nan), pipe.semaphore.new, nan)
    for _, n in ipairs { "many", {}, true, infinity } do
      assert.is_false((pcall(pipe.semaphore.new, n)))
    end
  end)

  it("when post gets no number of resources", function()
    local semaphore = pipe.semaphore.new()
    thrown("no negative number", semaphore.post, semaphore, 0)
    thrown("no negative number", semaphore.post, semaphore, -1)
    for _, n in ipairs { 1.5, nan, "many", {}, true } do
      assert.is_false((pcall(semaphore.post, semaphore, n)))
    end
    assert.equal(0, semaphore:count())
  end)

  it("when wait gets no number of seconds", function()
    local semaphore = pipe.semaphore.new(1)
    thrown("no negative number", semaphore.wait, semaphore, -1)
    for _, seconds in ipairs { "soon", {}, true } do
      local ok, message = pcall(semaphore.wait, semaphore, seconds)
      assert.is_false(ok)
      assert.is_truthy(message:find("^bad timeout arg: number expected, got "))
    end
    assert.is_false((pcall(semaphore.wait, semaphore, nan)))
    assert.equal(1, semaphore:count())
  end)

  it("when its methods are called on something else", function()
    local semaphore = pipe.semaphore.new()
    for _, name in ipairs { "post", "wait", "count" } do
      for _, self in ipairs { {}, 1, "text", true } do
        thrown("not a semaphore instance", semaphore[name], self)
      end
      thrown("not a semaphore instance", semaphore[name])
    end
  end)
end)
