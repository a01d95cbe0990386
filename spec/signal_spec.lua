-- pipe.signal.signum, signame and kill: names, numbers, and sending.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local thrown = require "spec.thrown"
local thrown_head = require "spec.thrown_head"

local signal = pipe.signal
local nan, infinity = 0 / 0, 1 / 0

setup(leaks.remember)
teardown(leaks.check)

-- lua-resty-signal's names, but for those of systems other than Linux.
local numbers = {
  HUP = 1, INT = 2, QUIT = 3, ILL = 4, TRAP = 5, ABRT = 6, BUS = 7, FPE = 8, KILL = 9, USR1 = 10, SEGV = 11, USR2 = 12,
  PIPE = 13, ALRM = 14, TERM = 15, CHLD = 17, CONT = 18, STOP = 19, TSTP = 20, TTIN = 21, TTOU = 22, URG = 23,
  XCPU = 24, XFSZ = 25, VTALRM = 26, PROF = 27, WINCH = 28, IO = 29, PWR = 30, SYS = 31,
}

describe("pipe.signal.signum", function()
  it("knows each name, with and without SIG", function()
    for name, number in pairs(numbers) do
      assert.same({ number, number, name },
        { signal.signum(name), (signal.signum("SIG" .. name)), signal.signame(number) })
    end
    assert.same({ 6, 17, 29 }, { signal.signum("IOT"), signal.signum("CLD"), (signal.signum("SIGPOLL")) })
  end)

  it("knows that NONE is 0", function()
    assert.equal(0, signal.signum("NONE"))
    assert.equal("NONE", signal.signame(0))
  end)

  it("counts real-time signals from both ends", function()
    assert.same({ 34, 64, 37, 61 }, {
      signal.signum("RTMIN"), signal.signum("SIGRTMAX"), signal.signum("RTMIN+3"), (signal.signum("SIGRTMAX-3")),
    })
    assert.same({ "RTMIN", "RTMIN+1", "RTMIN+15", "RTMAX-14", "RTMAX-1", "RTMAX" }, {
      signal.signame(34), signal.signame(35), signal.signame(49), signal.signame(50), signal.signame(63),
      (signal.signame(64)),
    })
    for number = 34, 64 do
      assert.equal(number, signal.signum(signal.signame(number)))
    end
  end)

  it("lets numbers pass", function()
    for _, number in ipairs { 0, 1, 15, 64, 1000, -1 } do
      assert.equal(number, signal.signum(number))
    end
  end)

  it("says so when it knows no such name", function()
    for _, name in ipairs { "FOO", "term", "SIG", "SIGSIGTERM", "", "RTMIN+31", "RTMIN+0", "15", {}, true } do
      assert.same({ nil, "unknown signal name" }, { signal.signum(name) })
    end
    assert.same({ nil, "unknown signal name" }, { signal.signum() })
  end)
end)

describe("pipe.signal.signame", function()
  it("says so when it knows no such number", function()
    for _, number in ipairs { 32, 33, 65, -1, 1.5, "15", "TERM", {} } do
      assert.same({ nil, "unknown signal number" }, { signal.signame(number) })
    end
    assert.same({ nil, "unknown signal number" }, { signal.signame() })
    assert.same({ nil, "unknown signal number" }, { signal.signame(nan) })
  end)
end)

describe("pipe.signal.kill", function()
  it("sends a signal by name or number", function()
    for _, sig in ipairs { "TERM", "SIGTERM", 15 } do
      local proc = assert(pipe.spawn({ "cat" }))
      assert.is_true(signal.kill(proc:pid(), sig))
      assert.same({ false, "signal", 15 }, { proc:wait() })
    end
  end)

  it("asks with NONE, or 0, whether a process exists", function()
    local proc = assert(pipe.spawn({ "cat" }))
    for _, sig in ipairs { "NONE", 0 } do
      assert.is_true(signal.kill(proc:pid(), sig))
    end
    assert.same({ nil, "running" }, { proc:try_wait() })
    proc:kill("KILL")
    proc:wait()
    for _, sig in ipairs { "NONE", 0 } do
      assert.same({ nil, "No such process", "ESRCH" }, { signal.kill(proc:pid(), sig) })
    end
  end)

  it("sends to a group by its negative number", function()
    local script = "sleep 1000 & echo ready; wait; echo woken"
    local proc = assert(pipe.spawn({ "sh", "-c", "trap '' USR1; (trap - USR1; " .. script .. ")" },
      { process_group = true }))
    assert.equal("ready", proc:stdout_read_line())
    assert.is_true(signal.kill(-proc:pid(), "USR2"))
    assert.same({ false, "signal", libc.SIGUSR2 }, { proc:wait() })
    assert.equal("", proc:stdout_read_all()) -- end of file: those below are gone, too
  end)

  it("says so when the name is unknown, and sends nothing", function()
    local proc = assert(pipe.spawn({ "cat" }))
    assert.same({ nil, "unknown signal name" }, { signal.kill(proc:pid(), "FOO") })
    assert.same({ nil, "running" }, { proc:try_wait() })
    proc:close()
  end)

  it("hands on what the system says of a number", function()
    for _, number in ipairs { -1, 65, 1.5, 2 ^ 40, nan, infinity } do
      assert.same({ nil, "Invalid argument", "EINVAL" }, { signal.kill(libc.C.getpid(), number) })
    end
  end)

  if libc.C.geteuid() == 0 then
    it("tells what it is not allowed", function()
      local host = require "spec.host"
      assert.equal("nil\tOperation not permitted\tEPERM\n", host.output [[
        local libc = require "spec.libc"
        local pipe = require "pipe"
        libc.C.setuid(54321)
        print(pipe.signal.kill(1, "TERM"))
      ]])
    end)
  end

  it("throws for what is no pid", function()
    thrown("bad pid arg: whole number expected, got nil", signal.kill)
    thrown("bad pid arg: whole number expected, got 1.5", signal.kill, 1.5, 0)
    for _, pid in ipairs { "1", 2 ^ 31, -2 ^ 31, infinity, nan, {}, true } do
      thrown_head("bad pid arg: whole number expected, got ", signal.kill, pid, 0)
    end
  end)

  it("throws for what is no signal", function()
    thrown("bad signal arg: name or number expected, got nil", signal.kill, libc.C.getpid())
    thrown("bad signal arg: name or number expected, got boolean", signal.kill, libc.C.getpid(), true)
    thrown("bad signal arg: name or number expected, got table", signal.kill, libc.C.getpid(), {})
  end)
end)
