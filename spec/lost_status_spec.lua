-- Exits that somebody else has taken: another waitpid in the host, or a host that ignores SIGCHLD.
-- Each case runs in a host of its own, and none may hang.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

-- Can the kernel still tell the status of a process that is reaped? Since Linux 6.15, of one that a pidfd refers to.
local function kernel_remembers()
  local file = assert(io.open("/proc/sys/kernel/osrelease"))
  local major, minor = file:read("*l"):match("^(%d+)%.(%d+)")
  file:close()
  local version = tonumber(major) * 1000 + tonumber(minor)
  return version >= 6015 and os.getenv("PIPE_REAPER") ~= "sigchld"
end

local lost = "nil exit status lost ECHILD\n"

-- Both answers are right where the kernel may have forgotten.
local function told_or_lost(status, output, before)
  if kernel_remembers() or output ~= (before or "") .. lost then
    assert.equal(status, output)
  end
end

local prelude = [[
  local libc = require "spec.libc"
  local pipe = require "pipe"
  local function show(...)
    local words = {}
    for index = 1, select("#", ...) do
      words[index] = tostring((select(index, ...)))
    end
    print(table.concat(words, " "))
  end
]]

describe("An exit that somebody else has taken", function()
  it("is told by the kernel, or lost, when wait comes after", function()
    told_or_lost("false exit 3\n", host.output(prelude .. [[
      local proc = assert(pipe.spawn({ "sh", "-c", "exit 3" }))
      libc.reap(proc:pid())
      show(proc:wait())
    ]]))
  end)

  it("is told by the kernel, or lost, when a thread waits already", function()
    told_or_lost("false signal 9\n", host.output(prelude .. [[
      local proc = assert(pipe.spawn({ "cat" }))
      pipe.thread.spawn(function() show(proc:wait()) end)
      assert(libc.C.kill(proc:pid(), libc.SIGKILL) == 0)
      libc.reap(proc:pid())
      pipe.loop.run()
    ]]))
  end)

  it("is told by the kernel, or lost, to try_wait too", function()
    told_or_lost("true exit 0\n", host.output(prelude .. [[
      local proc = assert(pipe.spawn({ "true" }))
      libc.reap(proc:pid())
      show(proc:try_wait())
    ]]))
  end)

  for script, status in pairs {
    ["exit 255"] = "false exit 255\n", ["exit 128"] = "false exit 128\n", ["kill -64 $$"] = "false signal 64\n",
  } do
    it("is told as it was, or lost, when that was " .. script, function()
      told_or_lost(status, host.output(prelude .. ([[
        local proc = assert(pipe.spawn({ "sh", "-c", "%s" }))
        libc.reap(proc:pid())
        show(proc:wait())
      ]]):format(script)))
    end)
  end

  for name, call in pairs {
    wait_any = "select(2, pipe.wait_any({ proc }, 0))", terminate = "proc:terminate(100000)",
  } do
    it("is told by the kernel, or lost, when " .. name .. " waits already", function()
      told_or_lost("true false signal 9\n", host.output(prelude .. ([[
        local proc = assert(pipe.spawn({ "sh", "-c", "trap '' TERM; echo ready; while :; do read line; done" }))
        assert(proc:stdout_read_line() == "ready")
        local waiter = pipe.thread.spawn(function() return %s end)
        for _ = 1, 3 do
          pipe.sleep(0) -- it waits for the exit by now
        end
        assert(libc.C.kill(proc:pid(), libc.SIGKILL) == 0)
        libc.reap(proc:pid())
        show(pipe.thread.wait(waiter))
      ]]):format(call)), "true ")
    end)
  end

  it("leaves nothing to kill, nor a stranger in its place", function()
    assert.equal("nil exited\nnil exited\n", host.output(prelude .. [[
      local proc = assert(pipe.spawn({ "true" }))
      libc.reap(proc:pid())
      show(proc:kill(0))
      show(proc:kill("KILL"))
    ]]))
  end)

  it("leaves its output readable", function()
    assert.equal("said before\n", host.output(prelude .. [[
      local proc = assert(pipe.spawn({ "echo", "said before" }))
      libc.reap(proc:pid())
      proc:wait()
      show(proc:stdout_read_line())
    ]]))
  end)
end)

describe("A host that ignores SIGCHLD", function()
  local ignore = "libc.C.signal(libc.SIGCHLD, libc.SIG_IGN)\n"
  local spawn = [[ local proc = assert(pipe.spawn({ "sh", "-c", "read line; exit 3" })) ]]

  for moment, lines in pairs {
    ["before its first child"] = ignore .. spawn,
    ["after its first child"] = spawn .. ignore,
    ["between two children"] = [[ assert(pipe.spawn({ "true" })):wait() ]] .. ignore .. spawn,
  } do
    it("from " .. moment .. " on is told the status, or that it is lost", function()
      told_or_lost("false exit 3\n", host.output(prelude .. lines .. [[
        pipe.thread.spawn(function() show(proc:wait()) end)
        assert(proc:write("go\n") == 3)
        pipe.loop.run()
      ]]))
    end)
  end

  it("has children that know nothing of it", function()
    -- Shells and perl would hide it: they catch SIGCHLD, or reset it, for themselves.
    assert.equal("0000000000000000\n", host.output(prelude .. ignore .. [[
      local proc = assert(pipe.spawn({ "cat", "/proc/self/status" }))
      show(libc.signal_state(proc:stdout_read_all()).SigIgn)
    ]]))
  end)

  it("ignores it still, afterwards", function()
    assert.equal("1\n", host.output(prelude .. ignore .. [[
      assert(pipe.spawn({ "true" })):wait()
      show(tonumber(require("ffi").cast("intptr_t", libc.C.signal(libc.SIGCHLD, libc.SIG_DFL))))
    ]]))
  end)
end)
