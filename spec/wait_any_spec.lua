-- pipe.wait_any: the first of several processes to end.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local function cat(options)
  return assert(pipe.spawn({ "cat" }, options))
end

-- Exits with this code once it has been told to.
local function exiting(code)
  return assert(pipe.spawn({ "sh", "-c", "read line; exit " .. code }))
end

for _, place in ipairs(places) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  describe("pipe.wait_any, in " .. place.name .. ",", function()
    case("waits for the first to end, and returns what its wait would", function()
      local procs = { exiting(0), exiting(3), cat() }
      procs[2]:write("go\n")
      assert.same({ procs[2], false, "exit", 3 }, { pipe.wait_any(procs) })
      procs[3]:kill("TERM")
      assert.same({ procs[3], false, "signal", 15 }, { pipe.wait_any(procs) })
      procs[1]:write("go\n")
      assert.same({ procs[1], true, "exit", 0 }, { pipe.wait_any(procs) })
      assert.same({ nil, "exited" }, { pipe.wait_any(procs) })
    end)

    case("uses that exit up, and leaves the others to be waited for", function()
      local first, second = exiting(3), exiting(4)
      first:write("go\n")
      assert.equal(first, (pipe.wait_any({ first, second })))
      assert.same({ nil, "exited" }, { first:wait() })
      second:write("go\n")
      assert.same({ false, "exit", 4 }, { second:wait() })
      assert.same({ nil, "exited" }, { pipe.wait_any({ first, second }) })
    end)

    case("returns at once for one that has ended", function()
      local procs = { cat(), exiting(3) }
      procs[2]:write("go\n")
      libc.await_exit(procs[2]:pid())
      assert.same({ procs[2], false, "exit", 3 }, { pipe.wait_any(procs) })
    end)

    case("takes the first in the list where several have ended", function()
      local procs = {}
      for number = 1, 5 do
        procs[number] = exiting(number)
        procs[number]:write("go\n")
      end
      for _, proc in ipairs(procs) do
        libc.await_exit(proc:pid())
      end
      for number = 1, 5 do
        assert.same({ procs[number], false, "exit", number }, { pipe.wait_any(procs) })
      end
    end)

    case("skips those that were waited for", function()
      local procs = { exiting(0), exiting(3) }
      procs[1]:write("go\n")
      procs[1]:wait()
      procs[2]:write("go\n")
      assert.same({ procs[2], false, "exit", 3 }, { pipe.wait_any(procs) })
    end)

    case("takes a list of one", function()
      local proc = exiting(3)
      proc:write("go\n")
      assert.same({ proc, false, "exit", 3 }, { pipe.wait_any({ proc }) })
      assert.same({ nil, "exited" }, { pipe.wait_any({ proc }) })
    end)

    case("takes a list that names one twice", function()
      local proc = exiting(3)
      proc:write("go\n")
      assert.same({ proc, false, "exit", 3 }, { pipe.wait_any({ proc, proc }) })
    end)

    case("times out, as often as one likes, and leaves nobody busy", function()
      local procs = { cat(), exiting(3) }
      for _, timeout in ipairs { 1, 0.25, 2 } do
        assert.same({ nil, "timeout" }, { pipe.wait_any(procs, timeout) })
      end
      for _, proc in ipairs(procs) do
        proc:set_timeouts(nil, nil, nil, 1)
        assert.same({ nil, "timeout" }, { proc:wait() })
      end
      procs[2]:write("go\n")
      assert.same({ procs[2], false, "exit", 3 }, { pipe.wait_any(procs, 60000) })
    end)

    case("never times out by itself, nor with 0, whatever the processes' own timeouts are", function()
      local other = cat({ wait_timeout = 1 })
      for _, timeout in ipairs { false, 0 } do
        local proc = exiting(3)
        proc:set_timeouts(nil, nil, nil, 1)
        local writer = pipe.thread.spawn(function()
          for _ = 1, 5 do
            assert.same({ nil, "timeout" }, { other:wait() })
          end
          proc:write("go\n")
        end)
        assert.same({ proc, false, "exit", 3 }, { pipe.wait_any({ cat(), proc }, timeout or nil) })
        assert.is_true((pipe.thread.wait(writer)))
      end
    end)

    case("says at once that another thread waits for one of them", function()
      local procs = { cat(), cat() }
      local waiter = pipe.thread.spawn(function() return procs[2]:wait() end)
      assert.same({ procs[2], nil, "pipe busy waiting" }, { pipe.wait_any(procs) })
      -- And the first is not busy because of it.
      procs[1]:set_timeouts(nil, nil, nil, 1)
      assert.same({ nil, "timeout" }, { procs[1]:wait() })
      procs[2]:kill("TERM")
      assert.same({ true, false, "signal", 15 }, { pipe.thread.wait(waiter) })
    end)

    case("collects many in the order of their ends", function()
      local procs = {}
      for number = 1, 40 do
        procs[number] = exiting(number)
      end
      for number = 40, 1, -1 do
        procs[number]:write("go\n")
        assert.same({ procs[number], false, "exit", number }, { pipe.wait_any(procs) })
      end
      assert.same({ nil, "exited" }, { pipe.wait_any(procs) })
    end)

    case("leaves its list as it is", function()
      local procs = { exiting(0), cat() }
      local copy = { procs[1], procs[2] }
      procs[1]:write("go\n")
      pipe.wait_any(procs)
      assert.same(copy, procs)
    end)
  end)
end

describe("While pipe.wait_any waits", function()
  it("other waits for one of them say that they are busy", function()
    local procs = { cat(), cat() }
    local waiter = pipe.thread.spawn(pipe.wait_any, procs)
    for _, proc in ipairs(procs) do
      assert.same({ nil, "pipe busy waiting" }, { proc:wait() })
      assert.same({ nil, "running" }, { proc:try_wait() })
    end
    assert.same({ procs[1], nil, "pipe busy waiting" }, { pipe.wait_any(procs) })
    procs[1]:kill("TERM")
    assert.same({ true, procs[1], false, "signal", 15 }, { pipe.thread.wait(waiter) })
    procs[2]:kill("KILL")
    assert.same({ false, "signal", 9 }, { procs[2]:wait() })
  end)

  it("other light threads go on", function()
    local procs, other = { cat(), cat() }, cat()
    local waiter = pipe.thread.spawn(pipe.wait_any, procs)
    other:write("line\n")
    assert.equal("line", other:stdout_read_line())
    procs[2]:shutdown("stdin")
    assert.same({ true, procs[2], true, "exit", 0 }, { pipe.thread.wait(waiter) })
  end)

  it("a process that is closed tells it so", function()
    local procs = { cat(), cat() }
    local waiter = pipe.thread.spawn(pipe.wait_any, procs)
    procs[2]:close()
    assert.same({ true, procs[2], nil, "aborted" }, { pipe.thread.wait(waiter) })
    assert.same({ nil, "running" }, { procs[1]:try_wait() })
  end)

  it("and its thread is killed, nobody stays busy, and no timer is left", function()
    local procs = { cat(), cat() }
    local waiter = pipe.thread.spawn(pipe.wait_any, procs, 600000)
    assert.is_true(pipe.thread.kill(waiter))
    pipe.loop.run()
    for _, proc in ipairs(procs) do
      proc:set_timeouts(nil, nil, nil, 1)
      assert.same({ nil, "timeout" }, { proc:wait() })
    end
  end)

  it("its processes are not collected, even when nobody else knows them", function()
    local pid
    local waiter = pipe.thread.spawn(function()
      local procs = { cat(), cat() }
      pid = procs[2]:pid()
      return select(2, pipe.wait_any(procs))
    end)
    for _ = 1, 5 do
      leaks.collect()
      pipe.sleep(0)
    end
    assert.equal(0, libc.C.kill(pid, libc.SIGTERM))
    assert.same({ true, false, "signal", 15 }, { pipe.thread.wait(waiter) })
  end)
end)

describe("pipe.wait_any", function()
  it("works in a pipe.coroutine of a light thread", function()
    local proc = exiting(3)
    local th = pipe.thread.spawn(function()
      return pipe.coroutine.wrap(function() return select(2, pipe.wait_any({ cat(), proc })) end)()
    end)
    proc:write("go\n")
    assert.same({ true, false, "exit", 3 }, { pipe.thread.wait(th) })
  end)

  it("throws in a plain coroutine of a light thread, and nobody stays busy", function()
    local procs = { cat(), cat() }
    local th = pipe.thread.spawn(function()
      return coroutine.wrap(function() return pcall(pipe.wait_any, procs) end)()
    end)
    assert.same({ true, false, "cannot wait in a plain coroutine of a light thread; use pipe.coroutine" },
      { pipe.thread.wait(th) })
    for _, proc in ipairs(procs) do
      proc:set_timeouts(nil, nil, nil, 1)
      assert.same({ nil, "timeout" }, { proc:wait() })
    end
  end)

  it("throws for what is no list of processes", function()
    local proc = cat()
    thrown("bad procs arg: table expected, got nil", pipe.wait_any)
    thrown("bad procs arg: table expected, got number", pipe.wait_any, 5)
    thrown("bad procs arg: non-empty table expected", pipe.wait_any, {})
    thrown("bad value at index 2 of procs arg: process expected, got string", pipe.wait_any, { proc, "cat" })
    thrown("bad value at index 1 of procs arg: process expected, got table", pipe.wait_any, { {}, proc })
    assert.same({ nil, "running" }, { proc:try_wait() })
  end)

  it("throws for a bad timeout", function()
    local procs = { cat() }
    for _, timeout in ipairs { -1, -0.5, 4294967296, 0 / 0, 1 / 0, "100", "soon", {}, true } do
      thrown("bad timeout arg", pipe.wait_any, procs, timeout)
    end
    procs[1]:kill("TERM")
    assert.same({ false, "signal", 15 }, { procs[1]:wait() })
  end)
end)
