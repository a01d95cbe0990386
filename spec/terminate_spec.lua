-- proc:terminate: SIGTERM, then SIGKILL for a child that has not ended after the grace.
local eventually = require "spec.eventually"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local state = require "spec.state"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local minute = 60000

-- A perl process with this handler of SIGTERM, that is ready for it.
local function perl(handler, options)
  local script = "$SIG{TERM} = %s; syswrite STDOUT, qq(ready\\n); select undef, undef, undef, 0.05 while 1"
  local proc = assert(pipe.spawn({ "perl", "-e", script:format(handler) }, options))
  assert.equal("ready", proc:stdout_read_line())
  return proc
end

local function stubborn(options)
  return perl("'IGNORE'", options)
end

-- Ends on a SIGTERM once it has been told to, with the code 4.
local function slow(options)
  return perl("sub { syswrite STDOUT, qq(caught\\n); <STDIN>; exit 4 }", options)
end

for _, place in ipairs(places) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  describe("proc:terminate, in " .. place.name .. ",", function()
    case("ends a child by SIGTERM, and returns as wait does", function()
      local proc = assert(pipe.spawn({ "cat" }))
      assert.same({ false, "signal", 15 }, { proc:terminate() })
      assert.same({ nil, "exited" }, { proc:wait() })
      assert.same({ false, "signal", 15 }, { proc:try_wait() })
    end)

    case("tells the exit of a child that ends in its own way", function()
      assert.same({ false, "exit", 3 }, { perl("sub { exit 3 }"):terminate(minute) })
      assert.same({ true, "exit", 0 }, { perl("sub { exit 0 }"):terminate(minute) })
    end)

    case("kills a child that ignores SIGTERM after the grace", function()
      for _, grace in ipairs { 1, 0.25, 20 } do
        assert.same({ false, "signal", 9 }, { stubborn():terminate(grace) })
      end
    end)

    case("kills it at once where the grace is 0", function()
      assert.same({ false, "signal", 9 }, { stubborn():terminate(0) })
    end)

    case("waits in the grace for a child that has something to do first", function()
      local proc = slow()
      local answer = pipe.thread.spawn(function()
        local line = proc:stdout_read_line()
        proc:write("go\n")
        return line
      end)
      assert.same({ false, "exit", 4 }, { proc:terminate(minute) })
      assert.same({ true, "caught" }, { pipe.thread.wait(answer) })
    end)

    case("ignores wait_timeout", function()
      local proc, other = slow({ wait_timeout = 1 }), assert(pipe.spawn({ "cat" }, { wait_timeout = 1 }))
      local answer = pipe.thread.spawn(function()
        for _ = 1, 5 do
          assert.same({ nil, "timeout" }, { other:wait() })
        end
        proc:write("go\n")
      end)
      assert.same({ false, "exit", 4 }, { proc:terminate(minute) })
      assert.same({ true }, { pipe.thread.wait(answer) })
    end)

    case("tells the exit of a child that has ended already", function()
      local proc = assert(pipe.spawn({ "sh", "-c", "exit 3" }))
      libc.await_exit(proc:pid())
      assert.same({ false, "exit", 3 }, { proc:terminate() })
      assert.same({ nil, "exited" }, { proc:terminate() })
    end)

    case("says when the exit was told already", function()
      local proc = assert(pipe.spawn({ "true" }))
      assert.is_true(proc:wait())
      assert.same({ nil, "exited" }, { proc:terminate() })
      proc:close()
      assert.same({ nil, "exited" }, { proc:terminate() })
    end)

    case("says so after close", function()
      local proc = assert(pipe.spawn({ "cat" }))
      proc:close()
      assert.same({ nil, "exited" }, { proc:terminate() })
    end)

    case("kills a child that is stopped", function()
      local proc = assert(pipe.spawn({ "cat" }))
      proc:kill("STOP")
      assert.is_true(eventually(function() return state(proc:pid()) == "T" end))
      assert.same({ false, "signal", 9 }, { proc:terminate(1) })
    end)

    case("leaves what the child wrote readable", function()
      local proc = perl("sub { syswrite STDOUT, q(last words); exit 0 }")
      assert.is_true(proc:terminate(minute))
      assert.equal("last words", proc:stdout_read_all())
    end)
  end)
end

describe("proc:terminate", function()
  it("without an argument gives a grace of its own", function()
    assert.same({ false, "signal", 9 }, { stubborn():terminate() })
  end)

  it("reaches the whole group of a child that leads one", function()
    local script = "sleep 1000 & (sleep 1000; :) & echo ready; wait"
    local proc = assert(pipe.spawn({ "sh", "-c", script }, { process_group = true }))
    assert.equal("ready", proc:stdout_read_line())
    assert.same({ false, "signal", 15 }, { proc:terminate(minute) })
    assert.equal("", proc:stdout_read_all())
  end)

  it("gives its result to another thread that waits already", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local waiter = pipe.thread.spawn(function() return proc:wait() end)
    assert.same({ false, "signal", 15 }, { proc:terminate(minute) })
    assert.same({ true, false, "signal", 15 }, { pipe.thread.wait(waiter) })
    assert.same({ nil, "exited" }, { proc:wait() })
  end)

  it("gives its result to another thread that waits later", function()
    local proc = slow()
    local ending = pipe.thread.spawn(function() return proc:terminate(minute) end)
    assert.equal("caught", proc:stdout_read_line())
    local waiter = pipe.thread.spawn(function() return proc:wait() end)
    proc:write("go\n")
    assert.same({ true, false, "exit", 4 }, { pipe.thread.wait(ending) })
    assert.same({ true, false, "exit", 4 }, { pipe.thread.wait(waiter) })
  end)

  it("takes nothing from a waiter whose wait times out meanwhile", function()
    local proc = slow({ wait_timeout = 1 })
    local ending = pipe.thread.spawn(function() return proc:terminate(minute) end)
    assert.equal("caught", proc:stdout_read_line())
    assert.same({ nil, "timeout" }, { proc:wait() })
    proc:write("go\n")
    assert.same({ true, false, "exit", 4 }, { pipe.thread.wait(ending) })
  end)

  it("lets other light threads go on meanwhile", function()
    local proc, other = slow(), assert(pipe.spawn({ "cat" }))
    local ending = pipe.thread.spawn(function() return proc:terminate(minute) end)
    assert.equal(5, other:write("text\n"))
    assert.equal("text", other:stdout_read_line())
    proc:write("go\n")
    assert.same({ true, false, "exit", 4 }, { pipe.thread.wait(ending) })
  end)

  it("works in a pipe.coroutine of a light thread", function()
    local th = pipe.thread.spawn(function()
      return pipe.coroutine.wrap(function() return stubborn():terminate(1) end)()
    end)
    assert.same({ true, false, "signal", 9 }, { pipe.thread.wait(th) })
  end)

  it("throws in a plain coroutine of a light thread, and the process is as before", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local th = pipe.thread.spawn(function()
      return coroutine.wrap(function() return pcall(proc.terminate, proc, minute) end)()
    end)
    assert.same({ true, false, "cannot wait in a plain coroutine of a light thread; use pipe.coroutine" },
      { pipe.thread.wait(th) })
    proc:set_timeouts(nil, nil, nil, 1)
    assert.same({ nil, "timeout" }, { proc:wait() })
  end)

  it("leaves nobody busy, and no timer, when its thread is killed", function()
    local proc = slow({ wait_timeout = 1 })
    local ending = pipe.thread.spawn(function() return proc:terminate(minute) end)
    assert.equal("caught", proc:stdout_read_line())
    assert.is_true(pipe.thread.kill(ending))
    pipe.loop.run()
    assert.same({ nil, "timeout" }, { proc:wait() })
    proc:set_timeouts(nil, nil, nil, minute)
    proc:write("go\n")
    assert.same({ false, "exit", 4 }, { proc:wait() })
  end)

  it("is told of a close meanwhile", function()
    local proc = slow()
    local ending = pipe.thread.spawn(function() return proc:terminate(minute) end)
    assert.equal("caught", proc:stdout_read_line())
    proc:close()
    assert.same({ true, nil, "aborted" }, { pipe.thread.wait(ending) })
  end)

  it("throws for a bad grace, before anything is sent", function()
    local proc = assert(pipe.spawn({ "cat" }))
    for _, grace in ipairs { -1, -0.5, 4294967296, 0 / 0, 1 / 0, "100", "soon", {}, true } do
      thrown("bad grace arg", proc.terminate, proc, grace)
    end
    assert.equal(4, proc:write("text"))
    assert.equal("text", proc:stdout_read_any(10))
    thrown("not a process instance", proc.terminate, {})
  end)

  it("says why where the host may not signal the child", function()
    if libc.C.geteuid() ~= 0 then
      pending("only root can start a child that it may not signal later")
    end
    local output = host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local proc = assert(pipe.spawn({ "cat" }))
      assert(libc.C.setuid(65534) == 0)
      print(proc:terminate(1))
    ]]
    assert.equal("nil\tOperation not permitted\tEPERM\n", output)
  end)
end)
