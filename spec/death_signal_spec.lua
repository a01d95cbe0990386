-- The option parent_death_signal: what the child gets when its host dies, however that happens.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local spawning = require "spec.spawning"

local nan, infinity = 0 / 0, 1 / 0

local is_root = libc.C.geteuid() == 0

setup(leaks.remember)
setup(function() host.adopt_orphans(true) end)
teardown(leaks.check)
teardown(function() host.adopt_orphans(false) end)

-- Kills a host by SIGKILL, or another signal, when its child, started with these options, is there; returns how the
-- child ended. `before` is what the host does first.
local function after_the_host(options, signal, before)
  local proc = host.start((before or "") .. ([[
    local pipe = require "pipe"
    local child = assert(pipe.spawn({ "sh", "-c", "echo ready; exec sleep 1000" }, { %s }))
    assert(child:stdout_read_line() == "ready")
    print(child:pid())
    io.stdout:flush()
    pipe.sleep(1000)
  ]]):format(options))
  local pid = tonumber(proc:stdout_read_line())
  proc:kill(signal or "KILL")
  assert.equal("signal", host.finish(proc).reason)
  return { libc.reap(pid) }
end

describe("A child with parent_death_signal", function()
  it("gets that signal when its host is killed by SIGKILL", function()
    assert.same({ "signal", 9 }, after_the_host([[ parent_death_signal = "KILL" ]]))
    assert.same({ "signal", 15 }, after_the_host([[ parent_death_signal = "TERM" ]]))
    assert.same({ "signal", 1 }, after_the_host([[ parent_death_signal = "SIGHUP" ]]))
    assert.same({ "signal", 10 }, after_the_host([[ parent_death_signal = 10 ]]))
    assert.same({ "signal", 64 }, after_the_host([[ parent_death_signal = 64 ]]))
  end)

  it("gets it when its host is killed by another signal", function()
    assert.same({ "signal", 15 }, after_the_host([[ parent_death_signal = "TERM" ]], "HUP"))
  end)

  if is_root then
    it("gets it though its ids have changed, which makes the kernel forget", function()
      assert.same({ "signal", 15 }, after_the_host([[ parent_death_signal = "TERM", uid = "nobody" ]]))
      assert.same({ "signal", 15 }, after_the_host([[ parent_death_signal = "TERM", gid = 54321 ]]))
      assert.same({ "signal", 15 },
        after_the_host([[ parent_death_signal = "TERM", uid = 54321, gid = 54321, groups = { 1 } ]]))
    end)

    it("gets it in a pid namespace of its own, from where the host is not to be seen", function()
      local in_namespace = [[
        local ffi = require "ffi"
        ffi.cdef("int unshare(int flags)")
        local CLONE_NEWPID = 0x20000000
        if ffi.C.unshare(CLONE_NEWPID) ~= 0 then
          os.exit(1)
        end
      ]]
      if host.run(in_namespace).status ~= 0 then
        pending("no pid namespace is to be had in this container")
        return
      end
      -- Its first process gets no other signal that it does not handle.
      assert.same({ "signal", 9 }, after_the_host([[ parent_death_signal = "KILL" ]], "KILL", in_namespace))
    end)
  end

  it("gets it when it leads a session or a group of its own", function()
    assert.same({ "signal", 15 }, after_the_host([[ parent_death_signal = "TERM", detached = true ]]))
    assert.same({ "signal", 15 }, after_the_host([[ parent_death_signal = "TERM", process_group = true ]]))
  end)

  it("that is detached gets it when its host ends in good order too", function()
    local pid = tonumber(host.output [[
      local pipe = require "pipe"
      local child = assert(pipe.spawn({ "sh", "-c", "echo ready; exec sleep 1000" },
        { parent_death_signal = "TERM", detached = true }))
      assert(child:stdout_read_line() == "ready")
      print(child:pid())
    ]])
    assert.same({ "signal", 15 }, { libc.reap(pid) })
  end)

  it("can act on it", function()
    local proc = host.start [[
      local pipe = require "pipe"
      local script = "trap 'echo last words; exit 7' TERM; echo ready; while :; do sleep 0.1; done"
      local child = assert(pipe.spawn(script, { parent_death_signal = "TERM", stdout = "inherit" }))
      print(child:pid())
      io.stdout:flush()
      pipe.sleep(1000)
    ]]
    local first, second = proc:stdout_read_line(), proc:stdout_read_line()
    local pid = tonumber(first) or tonumber(second)
    proc:kill("KILL")
    assert.equal("last words", proc:stdout_read_line())
    assert.same({ "exit", 7 }, { libc.reap(pid) })
    assert.same({ false, "signal", 9 }, { proc:wait() })
  end)

  it("gets nothing while its host lives", function()
    local proc = assert(pipe.spawn({ "cat" }, { parent_death_signal = "KILL" }))
    assert.equal(4, proc:write("text"))
    assert.equal("text", proc:stdout_read_any(10))
    proc:shutdown("stdin")
    assert.same({ true, "exit", 0 }, { proc:wait() })
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when parent_death_signal is no signal", function()
    for _, value in ipairs { 0, -1, 65, 1.5, nan, infinity, "FOO", "", "term", true, {}, print } do
      spawning.rejected("bad parent_death_signal option: ", { parent_death_signal = value })
    end
  end)
end)
