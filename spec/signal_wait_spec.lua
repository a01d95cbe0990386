-- pipe.signal.wait and reset: signals that somebody waits for, and those that come when nobody does.
local disposition = require "spec.disposition"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local raise = require "spec.raise"
local thrown = require "spec.thrown"

local signal, spawn = pipe.signal, pipe.thread.spawn

setup(leaks.remember)
teardown(leaks.check)
after_each(function()
  signal.reset { "HUP", "USR1", "USR2", "WINCH" }
  for _, name in ipairs { "HUP", "USR1", "USR2", "WINCH" } do
    assert.equal("default", disposition(name))
  end
end)

local function catch(names)
  assert.same({ nil, "timeout" }, { signal.wait(names, 1) })
end

for _, place in ipairs(places) do
  describe("In " .. place.name .. ", pipe.signal.wait", function()
    local function case(name, body)
      it(name, function() place.run(body) end)
    end

    case("waits for a signal", function()
      spawn(function()
        pipe.sleep(0)
        raise("HUP")
      end)
      assert.same({ "HUP" }, { signal.wait("HUP") })
    end)

    case("waits for the first of several", function()
      local names = { "HUP", "SIGUSR1", libc.SIGUSR2 }
      for _, name in ipairs { "USR2", "HUP", "USR1" } do
        spawn(function()
          pipe.sleep(0)
          raise(name)
        end)
        assert.same({ name }, { signal.wait(names, 600000) })
      end
      assert.same({ "HUP", "SIGUSR1", libc.SIGUSR2 }, names)
    end)

    case("waits for one that another process sends", function()
      local proc = assert(pipe.spawn({ "sh", "-c", "read line; kill -USR1 $PPID" }))
      spawn(function()
        pipe.sleep(0)
        proc:write("go\n")
      end)
      assert.same({ "USR1" }, { signal.wait("USR1") })
    end)

    case("gives up after its timeout", function()
      assert.same({ nil, "timeout" }, { signal.wait("HUP", 1) })
      assert.same({ nil, "timeout" }, { signal.wait({ "HUP", "USR1" }, 0.5) })
    end)

    case("tells of one that came when nobody waited, once", function()
      catch("HUP")
      raise("HUP")
      raise("HUP")
      raise("HUP")
      pipe.sleep(0)
      raise("HUP")
      assert.same({ "HUP" }, { signal.wait("HUP") })
      assert.same({ nil, "timeout" }, { signal.wait("HUP", 1) })
    end)

    case("tells of those that the loop has seen in that order", function()
      catch { "HUP", "USR1", "USR2" }
      for _, name in ipairs { "USR2", "HUP", "USR1" } do
        raise(name)
        assert.same({ nil, "timeout" }, { signal.wait("WINCH", 1) })
      end
      local names = { "USR1", "HUP", "USR2" }
      for _, name in ipairs { "USR2", "HUP", "USR1" } do
        assert.same({ name }, { signal.wait(names) })
      end
      assert.same({ nil, "timeout" }, { signal.wait(names, 1) })
    end)

    case("tells of two that come at once, one after the other", function()
      spawn(function()
        pipe.sleep(0)
        raise("USR1")
        raise("HUP")
      end)
      local first = signal.wait { "HUP", "USR1" }
      local second = signal.wait { "HUP", "USR1" }
      assert.same({ HUP = true, USR1 = true }, { [first] = true, [second] = true })
    end)

    case("tells of the same one that comes twice at once, twice", function()
      catch("USR1")
      spawn(function()
        pipe.sleep(0)
        raise("USR1")
        raise("USR1")
      end)
      assert.same({ "USR1" }, { signal.wait("USR1") })
      assert.same({ "USR1" }, { signal.wait("USR1") })
      assert.same({ nil, "timeout" }, { signal.wait("USR1", 1) })
    end)

    case("lets other light threads go on", function()
      local other = spawn(function()
        local proc = assert(pipe.spawn({ "echo", "text" }))
        local line = proc:stdout_read_line()
        proc:wait()
        raise("HUP")
        return line
      end)
      assert.same({ "HUP" }, { signal.wait("HUP") })
      assert.same({ true, "text" }, { pipe.thread.wait(other) })
    end)

    case("takes a real-time signal", function()
      catch("RTMIN+2")
      raise("RTMIN+2")
      assert.same({ "RTMIN+2" }, { signal.wait(36) })
      assert.is_true(signal.reset("RTMIN+2"))
      assert.equal("default", disposition("RTMIN+2"))
    end)

    case("is ended by reset", function()
      spawn(function()
        pipe.sleep(0)
        signal.reset("USR1")
      end)
      assert.same({ nil, "aborted" }, { signal.wait { "HUP", "USR1" } })
      assert.equal("caught", disposition("HUP"))
      assert.equal("default", disposition("USR1"))
    end)

    case("has no part in what came before a reset", function()
      catch { "HUP", "USR1" }
      raise("HUP")
      raise("USR1")
      assert.is_true(signal.reset("HUP"))
      assert.same({ nil, "timeout" }, { signal.wait("HUP", 1) })
      assert.same({ "USR1" }, { signal.wait { "HUP", "USR1" } })
    end)
  end)
end

describe("pipe.signal.wait", function()
  it("tells everybody who waits for a name", function()
    local log, threads = {}, {}
    for number, names in ipairs { "HUP", { "USR1", "HUP" }, "USR1", { "HUP", "HUP" } } do
      threads[number] = spawn(function() log[number] = signal.wait(names) end)
    end
    raise("HUP")
    for _, number in ipairs { 1, 2, 4 } do
      pipe.thread.wait(threads[number])
    end
    assert.same({ "HUP", "HUP", nil, "HUP" }, log)
    raise("USR1")
    pipe.thread.wait(threads[3])
    assert.equal("USR1", log[3])
    assert.same({ nil, "timeout" }, { signal.wait({ "HUP", "USR1" }, 1) })
  end)

  it("leaves a signal that came for a thread that is killed to the next one", function()
    local killed = spawn(signal.wait, "HUP")
    raise("HUP")
    assert.is_true(pipe.thread.kill(killed))
    assert.same({ "HUP" }, { signal.wait("HUP") })
  end)

  it("gives a signal back that a killed thread alone had been handed", function()
    local first
    local killer = spawn(function()
      signal.wait("USR1")
      pipe.thread.kill(first)
    end)
    first = spawn(signal.wait, "USR2")
    -- Both are woken in the same turn, the killer before its victim.
    raise("USR1")
    raise("USR2")
    pipe.thread.wait(killer)
    assert.same({ "USR2" }, { signal.wait({ "USR1", "USR2" }) })
    assert.same({ nil, "timeout" }, { signal.wait({ "USR1", "USR2" }, 1) })
  end)

  it("hands a killed thread's signal to one who waits for it by then", function()
    local victim, heir
    local killer = spawn(function()
      signal.wait("USR1")
      heir = spawn(signal.wait, "USR2")
      pipe.thread.kill(victim)
    end)
    victim = spawn(signal.wait, "USR2")
    raise("USR1")
    raise("USR2")
    pipe.thread.wait(killer)
    assert.same({ true, "USR2" }, { pipe.thread.wait(heir) })
  end)

  it("leaves no timer when its thread is killed", function()
    leaks.await_children()
    local waiter = spawn(signal.wait, "HUP", 600000)
    assert.is_true(pipe.thread.kill(waiter))
    pipe.loop.run()
    assert.is_nil(pipe.loop.timeout())
  end)

  it("is no deadlock, and neither is a handler", function()
    assert.equal("HUP\n", host.output [[
      local pipe = require "pipe"
      local child = assert(pipe.spawn({ "sh", "-c", "read line; kill -HUP $PPID" }))
      pipe.thread.spawn(function() print((pipe.signal.wait("HUP"))) end)
      pipe.thread.spawn(function() child:write("\n") end)
      pipe.loop.run()
    ]])
    assert.equal("posted\n", host.output [[
      local pipe = require "pipe"
      local child = assert(pipe.spawn({ "sh", "-c", "read line; kill -HUP $PPID" }))
      local semaphore = pipe.semaphore.new()
      pipe.signal.on("HUP", function() semaphore:post() end)
      pipe.thread.spawn(function()
        child:write("\n")
        semaphore:wait(math.huge)
        print "posted"
      end)
      pipe.loop.run()
    ]])
  end)

  it("leaves a deadlock what it is when nobody waits any more", function()
    catch("HUP")
    local semaphore = pipe.semaphore.new()
    local ok, err = pcall(semaphore.wait, semaphore, math.huge)
    assert.is_false(ok)
    assert.is_truthy(err:find("^deadlock"))
  end)

  it("does not let the main chunk's own signals lie while it waits for something else", function()
    catch("HUP")
    local proc = assert(pipe.spawn({ "sh", "-c", "kill -HUP $PPID; echo sent" }))
    assert.equal("sent", proc:stdout_read_line())
    proc:wait()
    assert.same({ "HUP" }, { signal.wait("HUP") })
  end)

  it("works in a pipe.coroutine of a light thread", function()
    local th = spawn(function()
      return pipe.coroutine.wrap(function() return signal.wait("HUP") end)()
    end)
    raise("HUP")
    assert.same({ true, "HUP" }, { pipe.thread.wait(th) })
  end)

  it("throws where a light thread cannot wait, and catches nothing", function()
    local th = spawn(function()
      return coroutine.wrap(function() return pcall(signal.wait, "HUP") end)()
    end)
    assert.same({ true, false, "cannot wait in a plain coroutine of a light thread; use pipe.coroutine" },
      { pipe.thread.wait(th) })
    assert.equal("default", disposition("HUP"))
  end)

  it("needs not wait there for what is remembered", function()
    catch("HUP")
    raise("HUP")
    local th = spawn(function()
      return coroutine.wrap(function() return signal.wait("HUP") end)()
    end)
    assert.same({ true, "HUP" }, { pipe.thread.wait(th) })
  end)

  it("catches none of its signals when the system has no descriptors left", function()
    assert.equal("nil\tToo many open files\tEMFILE\ndefault\tdefault\nnil\ttimeout\ncaught\tcaught\n", host.output [[
      local disposition = require "spec.disposition"
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local signal = pipe.signal
      assert(disposition("HUP") == "default") -- loads what it needs, as naming pipe.signal has done
      local before = libc.limit(libc.RLIMIT_NOFILE, 3)
      local result, message, code = signal.wait({ "HUP", "USR1" }, 1)
      libc.limit(libc.RLIMIT_NOFILE, before)
      print(result, message, code)
      print(disposition("HUP"), disposition("USR1"))
      print(pipe.signal.wait({ "HUP", "USR1" }, 1))
      print(disposition("HUP"), disposition("USR1"))
    ]])
  end)
end)

describe("pipe.signal.wait and reset throw", function()
  for name, call in pairs { wait = signal.wait, reset = signal.reset } do
    it("for names that are none, and do nothing: " .. name, function()
      thrown("bad names arg: string or table expected, got nil", call)
      thrown("bad names arg: string or table expected, got boolean", call, true)
      thrown("bad names arg: non-empty table expected", call, {})
      thrown("bad names arg: unknown signal FOO", call, "FOO")
      thrown("bad names arg: unknown signal NONE", call, "NONE")
      thrown("bad names arg: unknown signal 65", call, 65)
      thrown("bad names arg: unknown signal 0", call, 0)
      thrown("bad names arg: unknown signal 1.5", call, 1.5)
      thrown("bad value at index 2 of names arg: unknown signal hup", call, { "HUP", "hup" })
      thrown("bad value at index 1 of names arg: signal name expected, got table", call, { {}, "HUP" })
      assert.equal("default", disposition("HUP"))
    end)

    it("for what cannot be caught: " .. name, function()
      thrown("cannot catch SIGKILL", call, "KILL")
      thrown("cannot catch SIGSTOP", call, { "HUP", "STOP" })
      thrown("cannot catch SIGKILL", call, 9)
      for _, fault in ipairs { "SEGV", "BUS", "FPE", "ILL" } do
        thrown("cannot catch SIG" .. fault, call, fault)
      end
      thrown("cannot catch signal 32", call, 32)
      thrown("cannot catch signal 33", call, { 33 })
      assert.equal("default", disposition("HUP"))
    end)
  end

  it("for a bad timeout", function()
    for _, timeout in ipairs { -1, -0.5, 4294967296, 0 / 0, 1 / 0, "100", "soon", {}, true } do
      thrown("bad timeout arg", signal.wait, "HUP", timeout)
    end
    assert.equal("default", disposition("HUP"))
  end)
end)

describe("pipe.signal.reset", function()
  it("of what is not caught does nothing", function()
    assert.is_true(signal.reset("HUP"))
    assert.is_true(signal.reset { "HUP", "USR1" })
  end)

  it("puts back what the host had", function()
    assert.equal("caught\nignored\nfalse\n", host.output [[
      local disposition = require "spec.disposition"
      local libc = require "spec.libc"
      local pipe = require "pipe"
      libc.C.signal(1, libc.SIG_IGN)
      pipe.signal.wait("HUP", 1)
      print(disposition("HUP"))
      pipe.signal.reset("HUP")
      print(disposition("HUP"))
      libc.C.kill(libc.C.getpid(), 1)
      print(pipe.signal.wait("HUP", 1) == "HUP")
    ]])
  end)
end)
