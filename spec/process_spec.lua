-- A process: its pid, how it ends, and the signals it gets.
local eventually = require "spec.eventually"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local state = require "spec.state"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local function sh(script, options)
  return assert(pipe.spawn({ "sh", "-c", script }, options))
end

local function cat(options)
  return assert(pipe.spawn({ "cat" }, options))
end

describe("A process", function()
  it("knows its pid, also after exit and after close", function()
    local proc = sh("echo $$")
    local pid = proc:pid()
    assert.equal("number", type(pid))
    assert.equal(tostring(pid), proc:stdout_read_line())
    proc:wait()
    assert.equal(pid, proc:pid())
    proc:close()
    assert.equal(pid, proc:pid())
  end)

  it("tells itself as text", function()
    local proc = cat()
    local text = "process (pid " .. proc:pid() .. ")"
    assert.equal(text, tostring(proc))
    proc:close()
    assert.equal(text, tostring(proc))
  end)

  it("is a process of its own for each spawn", function()
    local one, other = cat(), cat()
    assert.are_not.equal(one:pid(), other:pid())
    one:close()
    assert.equal(5, other:write("other"))
    assert.equal("other", other:stdout_read_any(10))
  end)

  it("throws when its methods are called on something else", function()
    local calls = {
      pid = {}, set_timeouts = { 1 }, wait = {}, try_wait = {}, kill = { 9 }, shutdown = { "stdin" }, write = { "x" },
      stdout_read_all = {}, stdout_read_line = {}, stdout_read_bytes = { 1 }, stdout_read_any = { 1 },
      stderr_read_all = {}, stderr_read_line = {}, stderr_read_bytes = { 1 }, stderr_read_any = { 1 }, close = {},
    }
    local proc = cat()
    for name, args in pairs(calls) do
      for _, self in ipairs { {}, "text", 1, true, print, io.stdout, coroutine.create(print) } do
        thrown("not a process instance", proc[name], self, unpack(args))
      end
      thrown("not a process instance", proc[name], nil, unpack(args))
      thrown("not a process instance", proc[name])
    end
  end)

  it("has no other methods", function()
    local proc = cat()
    assert.is_nil(proc.no_such_method)
  end)
end)

describe("proc:wait", function()
  for _, place in ipairs(places) do
    describe("in " .. place.name, function()
      it("tells an exit with 0", function()
        place.run(function()
          assert.same({ true, "exit", 0 }, { sh("exit 0"):wait() })
        end)
      end)

      it("tells any other exit, up to 255", function()
        place.run(function()
          for status = 1, 255 do
            assert.same({ false, "exit", status }, { sh("exit " .. status):wait() })
          end
        end)
      end)

      it("tells the signal that killed it", function()
        place.run(function()
          for _, signum in ipairs { 1, 2, 6, 9, 11, 13, 15, 64 } do
            assert.same({ false, "signal", signum }, { sh("kill -" .. signum .. " $$"):wait() })
          end
        end)
      end)

      it("waits for an exit that comes later", function()
        place.run(function()
          local proc = sh("read line; exit 7")
          pipe.thread.spawn(function()
            pipe.sleep(0)
            proc:write("go\n")
          end)
          assert.same({ false, "exit", 7 }, { proc:wait() })
        end)
      end)

      it("tells an exit that has been", function()
        place.run(function()
          local proc = sh("exit 7")
          libc.await_exit(proc:pid())
          assert.same({ false, "exit", 7 }, { proc:wait() })
        end)
      end)

      it("gives up after its timeout, and can be called again", function()
        place.run(function()
          local proc = cat({ wait_timeout = 1 })
          for _ = 1, 3 do
            assert.same({ nil, "timeout" }, { proc:wait() })
          end
          assert.same({ nil, "running" }, { proc:try_wait() })
          proc:shutdown("stdin")
          proc:set_timeouts(nil, nil, nil, 10000)
          assert.same({ true, "exit", 0 }, { proc:wait() })
        end)
      end)

      it("tells the exit once", function()
        place.run(function()
          local proc = sh("exit 3")
          assert.same({ false, "exit", 3 }, { proc:wait() })
          assert.same({ nil, "exited" }, { proc:wait() })
          assert.same({ nil, "exited" }, { proc:wait() })
        end)
      end)

      it("is busy while another thread waits", function()
        place.run(function()
          local proc = cat()
          local first = pipe.thread.spawn(function() return proc:wait() end)
          assert.same({ nil, "pipe busy waiting" }, { proc:wait() })
          proc:shutdown("stdin")
          assert.same({ true, true, "exit", 0 }, { pipe.thread.wait(first) })
        end)
      end)

      it("does not wait for the end of the output", function()
        place.run(function()
          -- The grandchild holds both outputs until its own stdin ends, long after its parent.
          local proc = sh("exec 3<&0; cat <&3 & exit 5")
          assert.same({ false, "exit", 5 }, { proc:wait() })
        end)
      end)

      it("goes on beside readers of both outputs and a writer, and each has its result", function()
        place.run(function()
          local proc = sh("read x; echo out $x; echo err $x >&2; exit 5")
          local readers = {
            pipe.thread.spawn(function() return proc:stdout_read_line() end),
            pipe.thread.spawn(function() return proc:stderr_read_all() end),
          }
          local writer = pipe.thread.spawn(function()
            pipe.sleep(0)
            return proc:write("text\n")
          end)
          assert.same({ false, "exit", 5 }, { proc:wait() })
          assert.same({ true, "out text" }, { pipe.thread.wait(readers[1]) })
          assert.same({ true, "err text\n" }, { pipe.thread.wait(readers[2]) })
          assert.same({ true, 5 }, { pipe.thread.wait(writer) })
        end)
      end)

      it("does not take a stop for an end", function()
        place.run(function()
          local proc = cat({ wait_timeout = 1 })
          proc:kill("STOP")
          assert.is_true(eventually(function() return state(proc:pid()) == "T" end))
          assert.same({ nil, "timeout" }, { proc:wait() })
          assert.same({ nil, "running" }, { proc:try_wait() })
          proc:kill("CONT")
          assert.equal(2, proc:write("on"))
          assert.equal("on", proc:stdout_read_any(10))
        end)
      end)
    end)
  end

  it("waits for many at once", function()
    local threads = {}
    for status = 0, 63 do
      local proc = sh("read line; exit " .. status)
      threads[status] = pipe.thread.spawn(function() return proc:wait() end)
      pipe.thread.spawn(function() proc:write("go\n") end)
    end
    for status = 0, 63 do
      assert.same({ true, status == 0, "exit", status }, { pipe.thread.wait(threads[status]) })
    end
  end)
end)

describe("A hundred exits at once", function()
  -- Children that end when the host closes one pipe, which they all read.
  local function hundred()
    local reading, writing = libc.pipe()
    local procs = {}
    for status = 0, 99 do
      procs[status] = sh("read x; exit " .. status, { stdin = reading })
    end
    libc.C.close(reading)
    return procs, function() libc.C.close(writing) end
  end

  for name, before_a_turn in pairs {
    ["are each told to the thread that waits"] = function() end,
    ["are each told to the thread that waits, when all have happened before the loop turns"] = libc.await_exit,
  } do
    it(name, function()
      local procs, let_go = hundred()
      local threads = {}
      for status = 0, 99 do
        threads[status] = pipe.thread.spawn(procs[status].wait, procs[status])
      end
      let_go()
      for status = 0, 99 do
        before_a_turn(procs[status]:pid())
      end
      for status = 99, 0, -1 do
        assert.same({ true, status == 0, "exit", status }, { pipe.thread.wait(threads[status]) })
      end
    end)
  end
end)

describe("proc:try_wait", function()
  it("says that a child lives", function()
    local proc = cat()
    assert.same({ nil, "running" }, { proc:try_wait() })
    assert.same({ nil, "running" }, { proc:try_wait() })
  end)

  it("tells every kind of end", function()
    for script, result in pairs {
      ["exit 0"] = { true, "exit", 0 },
      ["exit 3"] = { false, "exit", 3 },
      ["kill -9 $$"] = { false, "signal", 9 },
    } do
      local proc = sh(script)
      libc.await_exit(proc:pid())
      assert.same(result, { proc:try_wait() })
    end
  end)

  it("uses nothing up, and still answers after wait", function()
    local proc = sh("exit 3")
    libc.await_exit(proc:pid())
    for _ = 1, 3 do
      assert.same({ false, "exit", 3 }, { proc:try_wait() })
    end
    assert.same({ false, "exit", 3 }, { proc:wait() })
    for _ = 1, 3 do
      assert.same({ false, "exit", 3 }, { proc:try_wait() })
    end
    assert.same({ nil, "exited" }, { proc:wait() })
  end)

  it("leaves the exit to a thread that waits for it", function()
    local proc = sh("read line; exit 3")
    local waiter = pipe.thread.spawn(function() return proc:wait() end)
    assert.same({ nil, "running" }, { proc:try_wait() })
    proc:write("go\n")
    libc.await_exit(proc:pid())
    assert.same({ false, "exit", 3 }, { proc:try_wait() })
    assert.same({ true, false, "exit", 3 }, { pipe.thread.wait(waiter) })
  end)

  it("does not yield", function()
    local proc = cat()
    local turns = 0
    local other = pipe.thread.spawn(function()
      pipe.sleep(0)
      turns = turns + 1
    end)
    for _ = 1, 100 do
      proc:try_wait()
    end
    assert.equal(0, turns)
    pipe.thread.wait(other)
  end)
end)
