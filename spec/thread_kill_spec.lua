-- What a killed light thread had been waiting for is free again; and what becomes of one that fails.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

local thread = pipe.thread

setup(leaks.remember)
teardown(leaks.check)

describe("A killed light thread", function()
  it("leaves nobody busy, whatever it waited for", function()
    local megabyte = ("x"):rep(1048576)
    local methods = {
      { "stdout_read_all" }, { "stdout_read_line" }, { "stdout_read_bytes", 5 }, { "stdout_read_any", 5 },
      { "stderr_read_all" }, { "stderr_read_line" }, { "stderr_read_bytes", 5 }, { "stderr_read_any", 5 },
      { "write", megabyte }, { "wait" },
    }
    for _, call in ipairs(methods) do
      local proc = assert(pipe.spawn({ "sleep", "1000" }))
      local method, argument = proc[call[1]], call[2]
      for _ = 1, 3 do
        local th = thread.spawn(method, proc, argument)
        assert.is_true(thread.kill(th))
      end
      proc:set_timeouts(1, 1, 1, 1)
      local result, message = method(proc, argument)
      assert.same({ call[1], nil, "timeout" }, { call[1], result, message })
    end
  end)

  it("no longer waits for another thread", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local target = thread.spawn(function() return proc:stdout_read_line() end)
    local waiter = thread.spawn(function() return thread.wait(target) end)
    assert.is_true(thread.kill(waiter))
    proc:write("line\n")
    assert.same({ true, "line" }, { thread.wait(target) })
  end)

  it("no longer sleeps", function()
    local th = thread.spawn(function() pipe.sleep(1000) end)
    assert.is_true(thread.kill(th))
    pipe.loop.run()
  end)

  it("no longer waits for a semaphore", function()
    local semaphore = pipe.semaphore.new(0)
    local th = thread.spawn(function() return semaphore:wait(1000) end)
    assert.equal(-1, semaphore:count())
    assert.is_true(thread.kill(th))
    assert.equal(0, semaphore:count())
    semaphore:post()
    assert.is_true((semaphore:wait(0)))
  end)

  it("may have been waiting inside a pcall, and is gone all the same", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local caught = false
    local th = thread.spawn(function()
      pcall(function() proc:stdout_read_line() end)
      caught = true
    end)
    assert.is_true(thread.kill(th))
    proc:write("line\n")
    assert.equal("line", proc:stdout_read_line())
    assert.is_false(caught)
  end)

  it("does not take its own threads with it", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local inner
    local outer = thread.spawn(function()
      inner = thread.spawn(function() return proc:stdout_read_line() end)
      thread.wait(inner)
    end)
    assert.is_true(thread.kill(outer))
    proc:write("line\n")
    assert.same({ true, "line" }, { thread.wait(inner) })
  end)

  it("may be killed by anybody, not only by its parent", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local th
    thread.wait(thread.spawn(function()
      th = thread.spawn(function() return proc:stdout_read_line() end)
    end))
    local sibling = thread.spawn(function() return thread.kill(th) end)
    assert.same({ true, true }, { thread.wait(sibling) })
  end)
end)

describe("A light thread that fails", function()
  local default, reports

  before_each(function()
    default, reports = thread.on_error, {}
    thread.on_error = function(...)
      reports[#reports + 1] = { n = select("#", ...), ... }
    end
  end)
  after_each(function() thread.on_error = default end)

  it("while nobody waits for it is reported, with its traceback", function()
    local function culprit()
      error("broken")
    end
    local th = thread.spawn(function()
      pipe.sleep(0)
      culprit()
    end)
    pipe.loop.run()
    assert.equal(1, #reports)
    assert.equal(th, reports[1][1])
    assert.is_truthy(reports[1][2]:find("^spec/thread_kill_spec.lua:%d+: broken$"))
    assert.is_truthy(reports[1][3]:find("traceback"))
    assert.is_truthy(reports[1][3]:find("culprit"))
  end)

  it("before its first wait is reported too", function()
    local th = thread.spawn(function() error("broken", 0) end)
    assert.equal(1, #reports)
    assert.equal(th, reports[1][1])
    assert.equal("broken", reports[1][2])
  end)

  it("can still be waited for", function()
    local th = thread.spawn(function() error("broken", 0) end)
    assert.same({ false, "broken" }, { thread.wait(th) })
    assert.same({ nil, "already waited or killed" }, { thread.wait(th) })
    assert.equal(1, #reports)
  end)

  it("while somebody waits for it is not reported", function()
    local th = thread.spawn(function()
      pipe.sleep(0)
      error("broken", 0)
    end)
    assert.same({ false, "broken" }, { thread.wait(th) })
    assert.same({}, reports)
  end)

  it("with an error of any kind is reported with it", function()
    local value = {}
    thread.spawn(function() error(value) end)
    thread.spawn(function() error() end)
    assert.equal(value, reports[1][2])
    assert.is_nil(reports[2][2])
    assert.equal(2, #reports)
  end)

  it("by a caller's mistake does not disturb the others", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local good = thread.spawn(function() return proc:stdout_read_line() end)
    thread.spawn(function()
      pipe.sleep(0)
      proc:write(true)
    end)
    thread.spawn(function()
      pipe.sleep(0)
      proc:write("line\n")
    end)
    assert.same({ true, "line" }, { thread.wait(good) })
    assert.equal(1, #reports)
  end)

  it("is not reported when it is killed", function()
    local th = thread.spawn(function() pipe.sleep(1000) end)
    thread.kill(th)
    pipe.loop.run()
    assert.same({}, reports)
  end)
end)

describe("The order of light threads", function()
  it("is that of their turns: a bare yield lets all others run once", function()
    local log = {}
    for _, name in ipairs { "a", "b", "c" } do
      thread.spawn(function()
        for turn = 1, 3 do
          log[#log + 1] = name .. turn
          coroutine.yield()
        end
      end)
    end
    pipe.loop.run()
    assert.equal("a1 b1 c1 a2 b2 c2 a3 b3 c3", table.concat(log, " "))
  end)

  it("lets a thread that only yields not starve one that waits for a child", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local done = false
    local yielding = thread.spawn(function()
      while not done do
        coroutine.yield()
      end
    end)
    local reader = thread.spawn(function()
      proc:write("line\n")
      local line = proc:stdout_read_line()
      done = true
      return line
    end)
    assert.same({ true, "line" }, { thread.wait(reader) })
    assert.same({ true }, { thread.wait(yielding) })
  end)

  it("does not let a chatty child starve the others", function()
    local chatty = assert(pipe.spawn({ "yes" }))
    local ended = assert(pipe.spawn({ "sh", "-c", "exit 3" }))
    local done = false
    local reader = thread.spawn(function()
      while not done do
        chatty:stdout_read_any(1)
        pipe.sleep(0)
      end
    end)
    libc.await_exit(ended:pid())
    assert.same({ false, "exit", 3 }, { ended:wait() })
    done = true
    thread.wait(reader)
  end)
end)
