-- Life inside another event loop: pipe.loop.fd, step and timeout, used as an embedder uses them. He polls the
-- descriptor and steps, and nothing else.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

local ffi = require "ffi"

local loop = pipe.loop

-- The descriptor is made when it is first asked for, and then stays.
setup(loop.fd)
setup(leaks.remember)
teardown(leaks.check)

describe("An embedder that polls pipe.loop.fd and calls pipe.loop.step", function()
  -- Turns the loop until the thread has ended; each turn must be announced by the descriptor.
  local function drive(th)
    local turns = 0
    while pipe.coroutine.status(th) ~= "dead" do
      assert.is_true(libc.ready(loop.fd()), "the descriptor does not tell that there is work")
      loop.step()
      turns = turns + 1
    end
    return turns
  end

  -- Steps until nothing is left to do.
  local function quiet()
    for _ = 1, 20 do
      if not libc.ready(loop.fd(), nil, 0) then
        return true
      end
      loop.step()
    end
    return false
  end

  before_each(function()
    leaks.await_children()
    assert.is_true(quiet())
  end)

  it("gets one descriptor, always the same", function()
    local fd = loop.fd()
    assert.equal("number", type(fd))
    assert.is_true(fd > 2)
    assert.equal(fd, loop.fd())
  end)

  it("steps without blocking when there is nothing", function()
    for _ = 1, 10 do
      loop.step()
    end
    assert.is_false(libc.ready(loop.fd(), nil, 0))
    assert.is_nil(loop.timeout())
  end)

  for name, body in pairs {
    ["reads"] = function()
      local proc = assert(pipe.spawn({ "sh", "-c", "echo one; read line; echo $line" }))
      assert.equal("one", proc:stdout_read_line())
      assert.equal(4, proc:write("two\n"))
      assert.equal("two\n", proc:stdout_read_all())
    end,
    ["reads both outputs"] = function()
      local script = "head -c 300000 /dev/zero; exec >&-; head -c 300000 /dev/zero >&2"
      local proc = assert(pipe.spawn({ "sh", "-c", script }))
      assert.equal(300000, #proc:stdout_read_all())
      assert.equal(300000, #proc:stderr_read_all())
    end,
    ["writes more than the pipe holds"] = function()
      local proc = assert(pipe.spawn({ "wc", "-c" }))
      assert.equal(1048576, proc:write(("x"):rep(1048576)))
      proc:shutdown("stdin")
      assert.equal("1048576", proc:stdout_read_line())
    end,
    ["waits for an exit"] = function()
      local proc = assert(pipe.spawn({ "sh", "-c", "read line; exit 3" }))
      proc:write("\n")
      assert.same({ false, "exit", 3 }, { proc:wait() })
    end,
    ["waits for an exit that comes by a signal"] = function()
      local proc = assert(pipe.spawn({ "cat" }))
      proc:kill("TERM")
      assert.same({ false, "signal", 15 }, { proc:wait() })
    end,
    ["meets a timeout"] = function()
      local proc = assert(pipe.spawn({ "cat" }, { stdout_read_timeout = 5 }))
      assert.same({ nil, "timeout", "" }, { proc:stdout_read_line() })
      assert.same({ nil, "timeout", "" }, { proc:stdout_read_line() })
    end,
    ["sleeps"] = function()
      pipe.sleep(0)
      pipe.sleep(0.002)
      pipe.sleep(0)
    end,
    ["yields"] = function()
      coroutine.yield()
      pipe.coroutine.yield()
    end,
    ["waits for other threads"] = function()
      local th = pipe.thread.spawn(function()
        pipe.sleep(0.001)
        return "inner"
      end)
      assert.same({ true, "inner" }, { pipe.thread.wait(th) })
    end,
    ["waits for a semaphore"] = function()
      local semaphore = pipe.semaphore.new()
      pipe.thread.spawn(function()
        pipe.sleep(0.001)
        semaphore:post()
      end)
      assert.is_true(semaphore:wait(1000))
      assert.same({ nil, "timeout" }, { semaphore:wait(0.001) })
    end,
  } do
    it("serves a thread that " .. name, function()
      local th = pipe.thread.spawn(body)
      drive(th)
      assert.same({ true }, { pipe.thread.wait(th) })
    end)
  end

  it("is told of a semaphore that it posts itself", function()
    local semaphore = pipe.semaphore.new()
    local th = pipe.thread.spawn(function() return semaphore:wait(1000) end)
    quiet()
    semaphore:post()
    drive(th)
    assert.same({ true, true }, { pipe.thread.wait(th) })
  end)

  it("is told of a thread that its shutdown, kill or close has woken", function()
    for _, act in ipairs {
      function(proc) proc:shutdown("stdout") end,
      function(proc) proc:kill("KILL") end,
      function(proc) proc:close() end,
    } do
      local proc = assert(pipe.spawn({ "cat" }))
      local th = pipe.thread.spawn(function() return proc:stdout_read_line() end)
      quiet()
      act(proc)
      drive(th)
      pipe.thread.wait(th)
    end
  end)

  it("is not kept busy by a thread that waits for what does not come", function()
    local proc = assert(pipe.spawn({ "cat" }, { stdout_read_timeout = 0 }))
    local th = pipe.thread.spawn(function() return proc:stdout_read_line() end)
    assert.is_true(quiet())
    assert.is_nil(loop.timeout())
    proc:write("line\n")
    drive(th)
    assert.same({ true, "line" }, { pipe.thread.wait(th) })
  end)

  it("is told how long the next timer takes", function()
    local th = pipe.thread.spawn(pipe.sleep, 1000)
    assert.is_true(quiet())
    -- A timer never ends early, so that a millisecond or two may come on top.
    local ms = loop.timeout()
    assert.is_true(ms > 0 and ms < 1000100)
    local sooner = pipe.thread.spawn(pipe.sleep, 10)
    assert.is_true(quiet())
    assert.is_true(loop.timeout() > 0 and loop.timeout() < 10100)
    pipe.thread.kill(sooner)
    pipe.thread.kill(th)
    assert.is_true(quiet())
    assert.is_nil(loop.timeout())
  end)

  it("is not told to sleep while something that was started waits for its first step", function()
    local th = pipe.thread.spawn(function() coroutine.yield() end)
    assert.is_true(libc.ready(loop.fd(), nil, 0))
    assert.equal(0, loop.timeout())
    drive(th)
    pipe.thread.wait(th)
  end)

  it("can nest the descriptor in an epoll set", function()
    local epoll = libc.C.epoll_create1(0)
    local event = ffi.new("struct spec_epoll_event", { libc.POLLIN })
    assert.equal(0, libc.C.epoll_ctl(epoll, 1, loop.fd(), event))
    local proc = assert(pipe.spawn({ "sh", "-c", "read line; echo $line" }))
    local th = pipe.thread.spawn(function()
      pipe.sleep(0.001)
      proc:write("line\n")
      return proc:stdout_read_line()
    end)
    while pipe.coroutine.status(th) ~= "dead" do
      assert.equal(1, libc.C.epoll_wait(epoll, event, 1, 10000))
      loop.step()
    end
    libc.C.close(epoll)
    assert.same({ true, "line" }, { pipe.thread.wait(th) })
  end)

  for name, drop in pairs {
    ["was closed"] = function()
      local proc = assert(pipe.spawn({ "cat" }))
      proc:close()
      return proc:pid()
    end,
    ["was collected"] = function()
      local pid = assert(pipe.spawn({ "cat" })):pid()
      leaks.collect()
      return pid
    end,
  } do
    it("reaps a child that " .. name, function()
      local pid = drop()
      while libc.exists(pid) do
        assert.is_true(libc.ready(loop.fd()), "the descriptor does not tell of the dead child")
        loop.step()
      end
    end)
  end

  it("may let the main chunk wait in between", function()
    local one = pipe.thread.spawn(pipe.sleep, 0.001)
    loop.step()
    pipe.sleep(0)
    local proc = assert(pipe.spawn({ "true" }))
    assert.is_true((proc:wait()))
    drive(one)
    pipe.thread.wait(one)
  end)
end)
