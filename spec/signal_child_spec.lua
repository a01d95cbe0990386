-- Signals meant for the host are not its children's: they start with default handlers and an empty mask.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

local catch = [[
  local libc = require "spec.libc"
  local pipe = require "pipe"
  local names = { "HUP", "INT", "USR1", "USR2", "PIPE", "ALRM", "TERM", "CHLD", "CONT", "TSTP", "RTMIN" }
  libc.C.signal(1, libc.SIG_IGN)
  libc.C.signal(3, libc.SIG_IGN)
  libc.C.sigprocmask(0, libc.signals(2, 12), nil)
  for _, name in ipairs(names) do
    assert(pipe.signal.on(name, function() end))
  end
  pipe.signal.wait(names, 1)
]]

describe("While the host catches signals, ignores and blocks others,", function()
  local nothing = ("0000000000000000\n"):rep(3)

  for name, line in pairs {
    ["pipe.spawn's child"] = [[ show(assert(pipe.spawn(args)):stdout_read_all()) ]],
    ["pipe.spawn's child that a shell runs"] = [[
      show(assert(pipe.spawn("exec cat /proc/self/status")):stdout_read_all())
    ]],
    ["pipe.spawn's child on a terminal"] = [[ show(assert(pipe.spawn(args, { pty = true })):stdout_read_all()) ]],
    ["pipe.spawn's child that changes its groups"] = [[
      show(assert(pipe.spawn(args, { groups = libc.C.geteuid() == 0 and {} or nil })):stdout_read_all())
    ]],
    ["pipe.run's child"] = [[ show(pipe.run(args).stdout) ]],
    ["pipe.shell.run's child"] = [[ show((select(2, pipe.shell.run(args)))) ]],
    ["a stage of pipe.pipeline"] = [[ show(assert(pipe.pipeline({ args, { "cat" } })):stdout_read_all()) ]],
  } do
    it(name .. " has default handlers and an empty mask", function()
      assert.equal(nothing, host.output(catch .. [[
        local args = { "cat", "/proc/self/status" }
        local function show(status)
          local state = libc.signal_state(status)
          print(state.SigBlk .. "\n" .. state.SigIgn .. "\n" .. state.SigCgt)
        end
      ]] .. line))
    end)
  end

  it("a signal that ends a program by default ends a child", function()
    assert.equal("signal\t1\nsignal\t2\nsignal\t10\nsignal\t15\n", host.output(catch .. [[
      for _, name in ipairs { "HUP", "INT", "USR1", "TERM" } do
        local proc = assert(pipe.spawn({ "cat" }))
        proc:kill(name)
        print(select(2, proc:wait()))
      end
    ]]))
  end)
end)

describe("While a host is flooded with signals that it catches,", function()
  it("its children start, work, and are not hit", function()
    assert.equal("true\t200\n", host.output [[
      local pipe = require "pipe"
      local heard = 0
      for _, name in ipairs { "HUP", "TERM", "USR1" } do
        pipe.signal.on(name, function() heard = heard + 1 end)
      end
      local flood = assert(pipe.spawn("while kill -HUP $PPID && kill -TERM $PPID && kill -USR1 $PPID; do :; done"))
      pipe.signal.wait({ "HUP", "TERM", "USR1" }) -- it has begun
      local good = 0
      for number = 1, 200 do
        local proc = assert(pipe.spawn({ "echo", number }))
        local line = proc:stdout_read_line()
        local ok, reason, status = proc:wait()
        assert(line == tostring(number) and ok, tostring(reason) .. " " .. tostring(status))
        good = good + 1
      end
      flood:close()
      print(heard > 0, good)
    ]])
  end)
end)
