-- pipe.thread: starting light threads, waiting for them and ending them.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local places = require "spec.places"
local thrown = require "spec.thrown"

local thread = pipe.thread

setup(leaks.remember)
teardown(leaks.check)

-- A light thread that waits for a child which never says anything.
local function waiting()
  local proc = assert(pipe.spawn({ "cat" }, { stdout_read_timeout = 0 }))
  return thread.spawn(function() return proc:stdout_read_line() end), proc
end

describe("pipe.thread.spawn", function()
  it("runs the function at once, up to its first wait", function()
    local steps = {}
    local th = thread.spawn(function()
      steps[#steps + 1] = "started"
      pipe.sleep(0)
      steps[#steps + 1] = "resumed"
    end)
    steps[#steps + 1] = "back"
    thread.wait(th)
    assert.same({ "started", "back", "resumed" }, steps)
  end)

  it("passes its arguments on, nils included", function()
    local th = thread.spawn(function(...) return select("#", ...), ... end, 1, nil, "three", nil)
    assert.same({ true, 4, 1, nil, "three", nil }, { thread.wait(th) })
  end)

  it("returns a coroutine", function()
    local inner
    local th = thread.spawn(function() inner = coroutine.running() end)
    assert.equal("thread", type(th))
    assert.equal(inner, th)
  end)

  it("takes a C function too", function()
    assert.same({ true, 3 }, { thread.wait(thread.spawn(math.max, 1, 3, 2)) })
  end)

  it("throws for what is no function", function()
    for _, value in ipairs { 1, "text", true, {} } do
      assert.is_false((pcall(thread.spawn, value)))
    end
    assert.is_false((pcall(thread.spawn)))
  end)

  it("can be called in a light thread", function()
    local th = thread.spawn(function()
      local inner = thread.spawn(function()
        pipe.sleep(0)
        return "inner"
      end)
      return thread.wait(inner)
    end)
    assert.same({ true, true, "inner" }, { thread.wait(th) })
  end)

  it("can be called thousands of times", function()
    local done, threads = 0, {}
    for number = 1, 5000 do
      threads[number] = thread.spawn(function()
        pipe.sleep(0)
        done = done + 1
      end)
    end
    for _, th in ipairs(threads) do
      thread.wait(th)
    end
    assert.equal(5000, done)
  end)
end)

for _, place in ipairs(places) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  describe("From " .. place.name .. ", pipe.thread.wait", function()
    case("gives what the thread returned", function()
      assert.same({ true }, { thread.wait(thread.spawn(function() end)) })
      assert.same({ true, 1, nil, 3 }, { thread.wait(thread.spawn(function() return 1, nil, 3 end)) })
      assert.same({ true, "later" }, { thread.wait(thread.spawn(function()
        pipe.sleep(0)
        return "later"
      end)) })
    end)

    case("gives the error with which the thread failed", function()
      local th = thread.spawn(function()
        pipe.sleep(0)
        error("broken")
      end)
      local ok, err = thread.wait(th)
      assert.is_false(ok)
      assert.is_truthy(err:find("^spec/thread_spec.lua:%d+: broken$"))
    end)

    case("gives an error of any kind", function()
      local value = {}
      local th = thread.spawn(function()
        pipe.sleep(0)
        error(value)
      end)
      local ok, err = thread.wait(th)
      assert.is_false(ok)
      assert.equal(value, err)
    end)

    case("of several gives the first to end, and the others run on", function()
      local slow, proc = waiting()
      local quick = thread.spawn(function()
        pipe.sleep(0)
        return "quick"
      end)
      assert.same({ true, "quick" }, { thread.wait(slow, quick) })
      proc:write("slow\n")
      assert.same({ true, "slow" }, { thread.wait(slow) })
    end)

    case("gives a thread that has ended before", function()
      local slow = waiting()
      local ended = thread.spawn(function() return "ended" end)
      assert.same({ true, "ended" }, { thread.wait(slow, ended) })
      thread.kill(slow)
    end)

    case("passes by threads that were waited for", function()
      local one = thread.spawn(function() return 1 end)
      local two = thread.spawn(function() return 2 end)
      assert.same({ true, 1 }, { thread.wait(one, two) })
      assert.same({ true, 2 }, { thread.wait(one, two) })
      assert.same({ nil, "already waited or killed" }, { thread.wait(one, two) })
      assert.same({ nil, "already waited or killed" }, { thread.wait(one) })
    end)

    case("passes by threads that were waited for, and waits for the rest", function()
      local one = thread.spawn(function() return 1 end)
      thread.wait(one)
      local slow, proc = waiting()
      thread.spawn(function()
        pipe.sleep(0)
        proc:write("slow\n")
      end)
      assert.same({ true, "slow" }, { thread.wait(one, slow) })
    end)

    case("is told that the thread was killed before", function()
      local th = waiting()
      thread.kill(th)
      assert.same({ nil, "already waited or killed" }, { thread.wait(th) })
    end)

    case("is told that the thread is killed meanwhile", function()
      local th = waiting()
      thread.spawn(function()
        pipe.sleep(0)
        thread.kill(th)
      end)
      assert.same({ nil, "already waited or killed" }, { thread.wait(th) })
    end)

    case("is not told of one that is killed while others can still end", function()
      local killed = waiting()
      local slow, proc = waiting()
      thread.spawn(function()
        pipe.sleep(0)
        thread.kill(killed)
        pipe.sleep(0)
        proc:write("slow\n")
      end)
      local results = { thread.wait(killed, slow) }
      -- Either is an end of one of them; the other can still be waited for.
      if results[1] == nil then
        assert.same({ nil, "already waited or killed" }, results)
        results = { thread.wait(slow) }
      end
      assert.same({ true, "slow" }, results)
    end)

    case("throws when it is given none", function()
      thrown("at least one coroutine should be specified", thread.wait)
    end)

    case("throws for what is no light thread", function()
      thrown("bad argument #1 to 'wait' (light thread expected, got number)", thread.wait, 1)
      thrown("bad argument #1 to 'wait' (light thread expected, got nil)", thread.wait, nil)
      thrown("bad argument #1 to 'wait' (light thread expected, got function)", thread.wait, print)
      local th = thread.spawn(print, "")
      thrown("bad argument #2 to 'wait' (light thread expected, got table)", thread.wait, th, {})
      assert.same({ true }, { thread.wait(th) })
    end)

    case("throws for a plain coroutine", function()
      thrown("attempt to wait on a coroutine that is not a user thread", thread.wait, coroutine.create(print))
    end)
  end)

  describe("From " .. place.name .. ", pipe.thread.kill", function()
    case("ends a thread that waits", function()
      local reached = false
      local proc = assert(pipe.spawn({ "cat" }))
      local th = thread.spawn(function()
        proc:stdout_read_line()
        reached = true
      end)
      assert.same({ true }, { thread.kill(th) })
      assert.equal("dead", pipe.coroutine.status(th))
      proc:write("line\n")
      assert.equal("line", proc:stdout_read_line())
      assert.is_false(reached)
    end)

    case("says that a thread has ended that nobody waited for", function()
      local th = thread.spawn(function() return "result" end)
      assert.same({ nil, "already terminated" }, { thread.kill(th) })
      assert.same({ nil, "already terminated" }, { thread.kill(th) })
      assert.same({ true, "result" }, { thread.wait(th) })
    end)

    case("says that a thread was waited for or killed", function()
      local ended = thread.spawn(function() end)
      thread.wait(ended)
      assert.same({ nil, "already waited or killed" }, { thread.kill(ended) })
      local killed = waiting()
      thread.kill(killed)
      assert.same({ nil, "already waited or killed" }, { thread.kill(killed) })
    end)

    case("says that the thread which calls it is not waiting", function()
      local th
      th = thread.spawn(function()
        pipe.sleep(0)
        return thread.kill(th)
      end)
      assert.same({ true, nil, "not waiting" }, { thread.wait(th) })
    end)

    case("throws for what is no light thread", function()
      thrown("bad argument #1 to 'kill' (light thread expected, got number)", thread.kill, 1)
      thrown("bad argument #1 to 'kill' (light thread expected, got nil)", thread.kill, nil)
      assert.same({ nil, "not user thread" }, { thread.kill(coroutine.create(print)) })
    end)
  end)
end

describe("pipe.thread.wait", function()
  it("throws in a light thread that waits for itself", function()
    local th
    th = thread.spawn(function()
      pipe.sleep(0)
      return pcall(thread.wait, th)
    end)
    assert.same({ true, false, "a light thread cannot wait for itself" }, { thread.wait(th) })
  end)

  it("may be called by anybody, not only by the thread's parent", function()
    local th, proc
    local parent = thread.spawn(function() th, proc = waiting() end)
    local sibling = thread.spawn(function() return thread.wait(th) end)
    proc:write("line\n")
    assert.same({ true, true, "line" }, { thread.wait(sibling) })
    thread.wait(parent)
  end)
end)
