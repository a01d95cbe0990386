-- pipe.signal.on: handlers, each in a light thread of its own that is there while it has something to do.
local disposition = require "spec.disposition"
local eventually = require "spec.eventually"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local raise = require "spec.raise"
local thrown = require "spec.thrown"

local signal = pipe.signal

local handles = {}

setup(pipe.loop.fd) -- made when it is first asked for, and then stays
setup(leaks.remember)
teardown(leaks.check)
after_each(function()
  for _, handle in ipairs(handles) do
    assert.is_true(handle:stop())
  end
  handles = {}
  signal.reset { "HUP", "USR1" }
  for _, name in ipairs { "HUP", "USR1", "USR2" } do
    assert.equal("default", disposition(name))
  end
end)

local function on(name, fn)
  local handle = assert(signal.on(name, fn))
  handles[#handles + 1] = handle
  return handle
end

-- Turns the loop until nothing is left to do.
local function settle()
  repeat
    pipe.loop.step()
    pipe.loop.run()
  until not libc.ready(pipe.loop.fd(), nil, 0)
end

describe("A handler of pipe.signal.on", function()
  it("is called once for each arrival, with the short name", function()
    local log = {}
    on("SIGHUP", function(...) log[#log + 1] = { ... } end)
    on(libc.SIGUSR1, function(...) log[#log + 1] = { ... } end)
    raise("HUP")
    raise("HUP")
    settle()
    assert.same({ { "HUP" }, { "HUP" } }, log)
    raise("USR1")
    settle()
    assert.same({ { "HUP" }, { "HUP" }, { "USR1" } }, log)
  end)

  it("is never called inside the signal handler, but by the loop", function()
    local called = 0
    on("HUP", function() called = called + 1 end)
    raise("HUP")
    assert.equal(0, called)
    settle()
    assert.equal(1, called)
  end)

  it("is called while the main chunk waits, and while light threads do", function()
    for _, body in ipairs {
      function() pipe.sleep(0.001) end,
      function() pipe.thread.wait(pipe.thread.spawn(pipe.sleep, 0.001)) end,
      function() assert(pipe.spawn({ "true" })):wait() end,
      function() signal.wait("USR1", 1) end,
    } do
      local called = 0
      local handle = on("HUP", function() called = called + 1 end)
      raise("HUP")
      body()
      settle()
      assert.equal(1, called)
      handle:stop()
    end
  end)

  it("may wait; what comes meanwhile is queued up", function()
    local log, gate = {}, pipe.semaphore.new()
    on("HUP", function()
      log[#log + 1] = "begins"
      gate:wait(1000)
      log[#log + 1] = "ends"
    end)
    raise("HUP")
    pipe.loop.step()
    assert.same({ "begins" }, log)
    raise("HUP")
    pipe.loop.step()
    raise("HUP")
    pipe.loop.step()
    assert.same({ "begins" }, log)
    gate:post(3)
    settle()
    assert.same({ "begins", "ends", "begins", "ends", "begins", "ends" }, log)
  end)

  it("is called in one light thread while there is work", function()
    local threads = {}
    on("HUP", function()
      threads[#threads + 1] = coroutine.running()
      pipe.sleep(0)
    end)
    for _ = 1, 5 do
      raise("HUP")
    end
    settle()
    assert.equal(5, #threads)
    for _, th in ipairs(threads) do
      assert.equal(threads[1], th)
    end
    assert.equal("dead", coroutine.status(threads[1]))
  end)

  it("can spawn children, and wait for them", function()
    local line
    on("HUP", function()
      local proc = assert(pipe.spawn({ "echo", "text" }))
      line = proc:stdout_read_line()
      proc:wait()
    end)
    raise("HUP")
    settle()
    assert.equal("text", line)
  end)

  it("shares its name with others, and with those who wait for it", function()
    local log = {}
    on("HUP", function() log[#log + 1] = "first" end)
    on("HUP", function() log[#log + 1] = "second" end)
    local waiter = pipe.thread.spawn(signal.wait, "HUP")
    raise("HUP")
    assert.same({ true, "HUP" }, { pipe.thread.wait(waiter) })
    settle()
    assert.same({ "first", "second" }, log)
  end)

  it("does not keep a name from being remembered for the next wait", function()
    local called = 0
    on("HUP", function() called = called + 1 end)
    raise("HUP")
    settle()
    assert.same({ nil, "timeout" }, { signal.wait("HUP", 1) }) -- it was before the first wait
    raise("HUP")
    settle()
    assert.same({ "HUP" }, { signal.wait("HUP") })
    assert.equal(2, called)
  end)

  it("has no part in what came before it", function()
    local log = {}
    on("HUP", function() log[#log + 1] = "old" end)
    raise("HUP")
    on("HUP", function() log[#log + 1] = "new" end)
    settle()
    assert.same({ "old" }, log)
  end)
end)

describe("An error of a handler", function()
  local reported
  local before = pipe.thread.on_error
  before_each(function()
    reported = {}
    pipe.thread.on_error = function(_, err, traceback) reported[#reported + 1] = { err, traceback } end
  end)
  after_each(function() pipe.thread.on_error = before end)

  it("is reported as a light thread's is, and later arrivals are delivered", function()
    local called = 0
    on("HUP", function()
      called = called + 1
      pipe.sleep(0)
      error({ called })
    end)
    for _ = 1, 3 do
      raise("HUP")
    end
    settle()
    assert.equal(3, called)
    assert.same({ { 1 }, { 2 }, { 3 } }, { reported[1][1], reported[2][1], reported[3][1] })
    assert.is_truthy(reported[1][2]:find("signal_on_spec", 1, true))
    raise("HUP")
    settle()
    assert.equal(4, called)
  end)

  it("leaves what comes while it is reported to the next call", function()
    local called = 0
    on("HUP", function()
      called = called + 1
      error("broken")
    end)
    pipe.thread.on_error = function()
      if called == 1 then
        raise("HUP")
        pipe.loop.step()
      end
    end
    raise("HUP")
    settle()
    assert.equal(2, called)
  end)
end)

describe("A handler's light thread", function()
  it("may be killed, and later arrivals are delivered", function()
    local threads, called = {}, 0
    on("HUP", function()
      called = called + 1
      threads[called] = coroutine.running()
      if called == 1 then
        pipe.sleep(1000)
      end
    end)
    raise("HUP")
    pipe.loop.step()
    raise("HUP")
    pipe.loop.step()
    assert.is_true(pipe.thread.kill(threads[1]))
    settle()
    assert.equal(2, called)
    assert.are_not.equal(threads[1], threads[2])
  end)

  it("may be waited for", function()
    local th
    on("HUP", function()
      th = coroutine.running()
      pipe.sleep(0)
    end)
    raise("HUP")
    pipe.loop.step()
    assert.same({ true }, { pipe.thread.wait(th) })
  end)
end)

describe("handle:stop", function()
  it("puts back what was there before", function()
    assert.equal("default", disposition("USR2"))
    local handle = on("USR2", function() end)
    assert.equal("caught", disposition("USR2"))
    assert.is_true(handle:stop())
    assert.equal("default", disposition("USR2"))
    assert.is_true(handle:stop())
    assert.equal("default", disposition("USR2"))
  end)

  it("leaves the signal to the others that want it", function()
    local log = {}
    local first = on("HUP", function() log[#log + 1] = "first" end)
    local second = on("HUP", function() log[#log + 1] = "second" end)
    assert.same({ nil, "timeout" }, { signal.wait("HUP", 1) })
    first:stop()
    raise("HUP")
    settle()
    assert.same({ "second" }, log)
    second:stop()
    raise("HUP")
    assert.same({ "HUP" }, { signal.wait("HUP") })
    on("HUP", function() log[#log + 1] = "third" end)
    signal.reset("HUP")
    raise("HUP")
    settle()
    assert.same({ "second", "third" }, log)
  end)

  it("drops what has come and not been handled; a call that is under way ends", function()
    local log, handle = {}, nil
    handle = on("HUP", function()
      log[#log + 1] = "begins"
      handle:stop()
      pipe.sleep(0)
      log[#log + 1] = "ends"
    end)
    for _ = 1, 3 do
      raise("HUP")
    end
    settle()
    assert.same({ "begins", "ends" }, log)
    assert.equal("default", disposition("HUP"))
  end)

  it("leaves to others what came before it", function()
    local log = {}
    local first = on("HUP", function() log[#log + 1] = "first" end)
    on("HUP", function() log[#log + 1] = "second" end)
    raise("HUP")
    first:stop()
    settle()
    assert.same({ "second" }, log)
  end)

  it("throws on something else", function()
    local handle = on("HUP", function() end)
    for _, self in ipairs { {}, 1, "text", true } do
      thrown("not a signal handler instance", handle.stop, self)
    end
    thrown("not a signal handler instance", handle.stop)
  end)
end)

describe("pipe.signal.on", function()
  it("throws for what is no signal, or no function", function()
    thrown("bad name arg: signal name expected, got nil", signal.on)
    thrown("bad name arg: signal name expected, got table", signal.on, { "HUP" }, print)
    thrown("bad name arg: unknown signal FOO", signal.on, "FOO", print)
    thrown("bad name arg: unknown signal 65", signal.on, 65, print)
    thrown("bad fn arg: function expected, got nil", signal.on, "HUP")
    thrown("bad fn arg: function expected, got table", signal.on, "HUP", {})
    assert.equal("default", disposition("HUP"))
  end)

  it("throws for what cannot be caught", function()
    for _, name in ipairs { "KILL", "STOP", "SEGV", "BUS", "FPE", "ILL" } do
      thrown("cannot catch SIG" .. name, signal.on, name, print)
      thrown("cannot catch SIG" .. name, signal.on, "SIG" .. name, print)
    end
    thrown("cannot catch signal 32", signal.on, 32, print)
  end)

  it("says so when the system has no descriptors left", function()
    assert.equal("nil\tToo many open files\tEMFILE\ndefault\n", host.output [[
      local disposition = require "spec.disposition"
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local signal = pipe.signal
      assert(disposition("HUP") == "default") -- loads what it needs, as naming pipe.signal has done
      local before = libc.limit(libc.RLIMIT_NOFILE, 3)
      local result, message, code = signal.on("HUP", print)
      libc.limit(libc.RLIMIT_NOFILE, before)
      print(result, message, code)
      print(disposition("HUP"))
    ]])
  end)

  it("needs no reference to its handle", function()
    assert.equal("called\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      assert(pipe.signal.on("HUP", function() print("called") end))
      collectgarbage()
      collectgarbage()
      libc.C.kill(libc.C.getpid(), 1)
      pipe.sleep(0)
      pipe.loop.run()
    ]])
  end)
end)

describe("pipe.loop.run", function()
  it("is not kept running by a handler, only by a call of it", function()
    assert.equal("called\nended\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      pipe.signal.on("HUP", function()
        pipe.sleep(0.001)
        print("called")
      end)
      pipe.loop.run()
      libc.C.kill(libc.C.getpid(), 1)
      pipe.sleep(0)
      pipe.loop.run()
      print("ended")
    ]])
  end)
end)

describe("An embedder that polls pipe.loop.fd", function()
  it("is told of an arrival", function()
    settle()
    local called = 0
    on("HUP", function() called = called + 1 end)
    settle()
    assert.is_false(libc.ready(pipe.loop.fd(), nil, 0))
    raise("HUP")
    assert.is_true(libc.ready(pipe.loop.fd(), nil, 0))
    pipe.loop.step()
    assert.equal(1, called)
  end)

  it("is not kept busy by what nobody waits for", function()
    assert.same({ nil, "timeout" }, { signal.wait("HUP", 1) })
    raise("HUP")
    assert.is_truthy(eventually(function()
      pipe.loop.step()
      return not libc.ready(pipe.loop.fd(), nil, 0)
    end))
    assert.same({ "HUP" }, { signal.wait("HUP") })
  end)
end)
