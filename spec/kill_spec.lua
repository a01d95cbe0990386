-- proc:kill: signals by number and by name, and what becomes of those that cannot be sent.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local function cat()
  return assert(pipe.spawn({ "cat" }))
end

-- Those that end a process by default, with the numbers they have on x86-64 and arm64.
local deadly = {
  HUP = 1, INT = 2, QUIT = 3, ILL = 4, TRAP = 5, ABRT = 6, BUS = 7, FPE = 8, KILL = 9, USR1 = 10, SEGV = 11, USR2 = 12,
  PIPE = 13, ALRM = 14, TERM = 15, XCPU = 24, XFSZ = 25, VTALRM = 26, PROF = 27, IO = 29, SYS = 31,
}

describe("proc:kill", function()
  it("sends a signal by its number", function()
    for _, signum in pairs(deadly) do
      local proc = cat()
      assert.is_true(proc:kill(signum))
      assert.same({ false, "signal", signum }, { proc:wait() })
    end
  end)

  it("sends a real-time signal", function()
    for signum = 34, 64, 6 do
      local proc = cat()
      assert.is_true(proc:kill(signum))
      assert.same({ false, "signal", signum }, { proc:wait() })
    end
  end)

  it("sends a signal by its name, with and without SIG", function()
    for name, signum in pairs(deadly) do
      for _, prefix in ipairs { "", "SIG" } do
        local proc = cat()
        assert.is_true(proc:kill(prefix .. name))
        assert.same({ false, "signal", signum }, { proc:wait() })
      end
    end
  end)

  it("knows the names of signals that do not end a process", function()
    local proc = cat()
    for _, name in ipairs { "CHLD", "URG", "WINCH", "CONT" } do
      assert.is_true(proc:kill(name))
    end
    assert.equal(2, proc:write("ok"))
    assert.equal("ok", proc:stdout_read_any(10))
  end)

  it("reaches a child that has just been started, whatever its program has done so far", function()
    for number = 1, 200 do
      local signal, signum = "KILL", 9
      if number % 2 == 0 then
        signal, signum = "TERM", 15
      end
      local proc = cat()
      assert.is_true(proc:kill(signal))
      assert.same({ false, "signal", signum }, { proc:wait() })
    end
  end)

  it("reaches a child's own handler", function()
    local script = "trap 'echo caught; exit 4' TERM; echo ready; while :; do read line; done"
    local proc = assert(pipe.spawn({ "sh", "-c", script }))
    assert.equal("ready", proc:stdout_read_line())
    assert.is_true(proc:kill("TERM"))
    -- The shell runs its trap when the read it is in has ended.
    proc:write("\n")
    assert.equal("caught", proc:stdout_read_line())
    assert.same({ false, "exit", 4 }, { proc:wait() })
  end)

  it("with 0 only asks", function()
    local proc = cat()
    assert.is_true(proc:kill(0))
    assert.same({ nil, "running" }, { proc:try_wait() })
    proc:shutdown("stdin")
    proc:wait()
    assert.same({ nil, "exited" }, { proc:kill(0) })
  end)

  it("says that a child has exited", function()
    local proc = assert(pipe.spawn({ "true" }))
    proc:wait()
    assert.same({ nil, "exited" }, { proc:kill(9) })
    assert.same({ nil, "exited" }, { proc:kill("TERM") })
  end)

  it("says so also when nobody has waited for it yet, and uses nothing up", function()
    local proc = assert(pipe.spawn({ "sh", "-c", "exit 3" }))
    libc.await_exit(proc:pid())
    assert.same({ nil, "exited" }, { proc:kill(15) })
    assert.same({ nil, "exited" }, { proc:kill(0) })
    assert.same({ false, "exit", 3 }, { proc:wait() })
  end)

  it("twice harms nobody: the second one is told that the child has exited, or nothing comes of it", function()
    for _ = 1, 200 do
      local proc = cat()
      assert.is_true(proc:kill("KILL"))
      local sent, message = proc:kill("KILL")
      assert.is_true(sent or message == "exited")
      assert.same({ false, "signal", 9 }, { proc:wait() })
      assert.same({ nil, "exited" }, { proc:kill("KILL") })
    end
  end)

  it("can be repeated until the child is gone", function()
    local proc = cat()
    assert.is_true(proc:kill("STOP"))
    assert.is_true(proc:kill("STOP"))
    assert.is_true(proc:kill("KILL"))
    assert.same({ false, "signal", 9 }, { proc:wait() })
  end)

  it("wakes the thread that waits", function()
    local proc = cat()
    local waiter = pipe.thread.spawn(function() return proc:wait() end)
    proc:kill("TERM")
    assert.same({ true, false, "signal", 15 }, { pipe.thread.wait(waiter) })
  end)

  it("says of a number that is no signal that it is invalid", function()
    local proc = cat()
    for _, signum in ipairs { 65, 10000, -1, -9, 1.5, 0.5, 4294967305, 1e300, 0 / 0, 1 / 0, -1 / 0 } do
      assert.same({ nil, "invalid signal" }, { proc:kill(signum) })
    end
    assert.same({ nil, "running" }, { proc:try_wait() })
  end)

  it("throws for anything else", function()
    local proc, list = cat(), {}
    for _, name in ipairs { "FOO", "SIGFOO", "", "SIG", "9", "SIGSIGTERM", " TERM" } do
      thrown("bad signal arg: number expected, got " .. name, proc.kill, proc, name)
    end
    thrown("bad signal arg: number expected, got nil", proc.kill, proc)
    thrown("bad signal arg: number expected, got nil", proc.kill, proc, nil)
    thrown("bad signal arg: number expected, got true", proc.kill, proc, true)
    thrown("bad signal arg: number expected, got " .. tostring(list), proc.kill, proc, list)
    assert.same({ nil, "running" }, { proc:try_wait() })
  end)

  it("throws also when the child has exited", function()
    local proc = assert(pipe.spawn({ "true" }))
    proc:wait()
    thrown("bad signal arg: number expected, got FOO", proc.kill, proc, "FOO")
  end)
end)
