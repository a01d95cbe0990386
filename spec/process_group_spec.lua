-- The option process_group: the child leads a group, and every kill of ours reaches all of it.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local membership = require "spec.membership"
local pipe = require "pipe"
local witness = require "spec.witness"

setup(leaks.remember)
teardown(leaks.check)

local watch

before_each(function() watch = witness.new() end)
after_each(function() watch:close() end)

-- A shell script whose processes all hold the witness.
local function watched(script)
  return { "sh", "-c", 'exec 9>"$1"; ' .. script, "sh", watch.path }
end

-- Starts a child with a child of its own, which tells its pid; both run until they are killed.
local function start(options)
  local proc = assert(pipe.spawn(watched("sleep 1000 & echo $!; wait"), options))
  return proc, tonumber(proc:stdout_read_line())
end

describe("With process_group the child", function()
  it("leads its own group, in the host's session", function()
    local proc, grandchild = start({ process_group = true })
    local own = membership("self")
    assert.same({ group = proc:pid(), session = own.session }, membership(proc:pid()))
    assert.same(membership(proc:pid()), membership(grandchild))
    assert.are_not.equal(own.group, proc:pid())
    proc:close()
    assert.is_true(watch:abandoned())
  end)

  it("is in that group before its program begins", function()
    local proc = assert(pipe.spawn({ "perl", "-e", "print getpgrp() == $$ ? 'leads' : 'does not'" },
      { process_group = true }))
    assert.equal("leads", proc:stdout_read_all())
    proc:wait()
  end)

  for signal, number in pairs { TERM = 15, HUP = 1, KILL = 9, SIGUSR1 = 10, [12] = 12 } do
    it("and its own children get what proc:kill sends: " .. signal, function()
      local proc = start({ process_group = true })
      assert.is_true(proc:kill(signal))
      assert.same({ false, "signal", number }, { proc:wait() })
      assert.is_true(watch:abandoned())
    end)
  end

  it("and its own children are killed also when it has left its group for another", function()
    local leave = "exec 9>$1; sleep 1000 & exec perl -e 'setpgrp(0, getpgrp(getppid())) or die; print qq(left\n); "
      .. "close STDOUT; sleep 1000'"
    local proc = assert(pipe.spawn({ "sh", "-c", leave, "sh", watch.path }, { process_group = true }))
    assert.equal("left", proc:stdout_read_line())
    assert.same({ false, "signal", 15 }, { proc:terminate() })
    assert.is_true(watch:abandoned())
  end)

  it("and its own children get what proc:terminate sends", function()
    local proc = start({ process_group = true })
    assert.same({ false, "signal", 15 }, { proc:terminate() })
    assert.is_true(watch:abandoned())
  end)

  it("and its own children are killed after the grace of proc:terminate", function()
    local script = "trap '' TERM; sh -c 'echo ready; while :; do sleep 1; done' & while :; do sleep 1; done"
    local proc = assert(pipe.spawn(watched(script), { process_group = true }))
    assert.equal("ready", proc:stdout_read_line())
    assert.same({ false, "signal", 9 }, { proc:terminate(1) })
    assert.is_true(watch:abandoned())
  end)

  it("and its own children die with proc:close", function()
    local proc = start({ process_group = true })
    proc:close()
    assert.is_true(watch:abandoned())
  end)

  it("and its own children die when it is collected", function()
    start({ process_group = true })
    leaks.collect()
    assert.is_true(watch:abandoned())
  end)

  for ending, line in pairs {
    ["its last line"] = "",
    ["os.exit"] = "os.exit(0)",
    ["os.exit that closes the Lua state"] = "os.exit(0, true)",
  } do
    it("and its own children die when the host ends by " .. ending, function()
      host.output(([[
        local pipe = require "pipe"
        local proc = assert(pipe.spawn("exec 9>%s; sleep 1000 & echo ready; wait", { process_group = true }))
        assert(proc:stdout_read_line() == "ready")
        %s
      ]]):format(watch.path, line))
      assert.is_true(watch:abandoned())
    end)
  end

  it("is asked for by kill(0) as any other", function()
    local proc = assert(pipe.spawn({ "cat" }, { process_group = true }))
    assert.is_true(proc:kill(0))
    assert.same({ nil, "invalid signal" }, { proc:kill(1000) })
    proc:shutdown("stdin")
    assert.is_true((proc:wait()))
  end)

  it("that is alone in it is killed as any other", function()
    local proc = assert(pipe.spawn({ "cat" }, { process_group = true }))
    assert.is_true(proc:kill("TERM"))
    assert.same({ false, "signal", 15 }, { proc:wait() })
  end)

  it("that has been waited for has exited, though others of its group live on", function()
    local proc = assert(pipe.spawn(watched("sleep 1000 & echo $!"), { process_group = true }))
    local grandchild = tonumber(proc:stdout_read_line())
    assert.same({ true, "exit", 0 }, { proc:wait() })
    assert.same({ nil, "exited" }, { proc:kill("TERM") })
    assert.same({ nil, "exited" }, { proc:terminate() })
    assert.is_true(watch:held())
    assert.equal(0, libc.C.kill(grandchild, libc.SIGTERM))
    assert.is_true(watch:abandoned())
  end)

  it("that has exited, though nobody waited yet, has exited for proc:kill", function()
    local proc = assert(pipe.spawn({ "true" }, { process_group = true }))
    libc.await_exit(proc:pid())
    assert.same({ nil, "exited" }, { proc:kill("TERM") })
    assert.is_true((proc:wait()))
  end)

  it("is not reached by what is sent to another child's group", function()
    local first, second = start({ process_group = true }), assert(pipe.spawn({ "cat" }, { process_group = true }))
    first:close()
    assert.is_true(watch:abandoned())
    assert.same({ nil, "running" }, { second:try_wait() })
    assert.equal(4, second:write("text"))
    assert.equal("text", second:stdout_read_any(10))
    second:close()
  end)
end)

describe("Without process_group", function()
  it("the child is in the host's group, and a kill reaches only itself", function()
    for _, options in ipairs { {}, { process_group = false } } do
      local proc, grandchild = start(options)
      assert.same(membership("self"), membership(proc:pid()))
      proc:kill("TERM")
      assert.same({ false, "signal", 15 }, { proc:wait() })
      assert.is_true(watch:held())
      assert.equal(0, libc.C.kill(grandchild, libc.SIGKILL))
      assert.is_true(watch:abandoned())
    end
  end)
end)

describe("process_group", function()
  it("counts when it is any true value", function()
    for _, value in ipairs { true, 1, 0, "", "yes", {} } do
      local proc = assert(pipe.spawn({ "cat" }, { process_group = value }))
      assert.equal(proc:pid(), membership(proc:pid()).group)
      proc:close()
    end
  end)
end)
