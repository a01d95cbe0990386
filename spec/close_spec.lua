-- proc:close: everything ends now.
local eventually = require "spec.eventually"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local streams = require "spec.streams"

setup(leaks.remember)
teardown(leaks.check)

local function cat(options)
  return assert(pipe.spawn({ "cat" }, options))
end

-- How many pipes the host holds.
local function pipes()
  local count = 0
  for _, target in pairs(leaks.descriptors()) do
    count = count + (target:find("^pipe:") and 1 or 0)
  end
  return count
end

local function gone(pid)
  return eventually(function() return not libc.exists(pid) end)
end

describe("proc:close", function()
  it("is always true", function()
    local alive, ended, waited = cat(), assert(pipe.spawn({ "true" })), assert(pipe.spawn({ "true" }))
    libc.await_exit(ended:pid())
    waited:wait()
    for _, proc in ipairs { alive, ended, waited } do
      assert.is_true(proc:close())
      assert.is_true(proc:close())
    end
  end)

  it("kills a child that lives, whatever it does about other signals", function()
    local proc = assert(pipe.spawn({ "sh", "-c", "trap '' HUP INT TERM PIPE; echo ready; while :; do :; done" }))
    assert.equal("ready", proc:stdout_read_line())
    proc:close()
    assert.is_true(gone(proc:pid()))
  end)

  it("kills a child that is stopped", function()
    local proc = cat()
    proc:kill("STOP")
    proc:close()
    assert.is_true(gone(proc:pid()))
  end)

  it("closes the pipes at once", function()
    local before = pipes()
    local proc = cat()
    assert.equal(before + 3, pipes())
    proc:close()
    assert.equal(before, pipes())
  end)

  it("ends what is pending on it", function()
    local proc = cat()
    assert.equal(4, proc:write("text"))
    assert.equal("t", proc:stdout_read_any(1))
    local reader = pipe.thread.spawn(function() return proc:stdout_read_line() end)
    local other = pipe.thread.spawn(function() return proc:stderr_read_all() end)
    local waiter = pipe.thread.spawn(function() return proc:wait() end)
    proc:close()
    assert.same({ true, nil, "aborted", "ext" }, { pipe.thread.wait(reader) })
    assert.same({ true, nil, "aborted", "" }, { pipe.thread.wait(other) })
    assert.same({ true, nil, "aborted" }, { pipe.thread.wait(waiter) })
  end)

  it("ends a pending write, which tells how much went out", function()
    local proc = assert(pipe.spawn({ "sh", "-c", "echo ready; kill -STOP $$" }))
    assert.equal("ready", proc:stdout_read_line())
    local writer = pipe.thread.spawn(function() return proc:write(("x"):rep(1048576)) end)
    proc:close()
    local ran, result, message, written = pipe.thread.wait(writer)
    assert.same({ true, nil, "aborted" }, { ran, result, message })
    assert.is_true(written > 0 and written < 1048576)
  end)

  for _, stream in ipairs(streams) do
    it("leaves nothing to read from " .. stream.name, function()
      local proc = stream.holding("unread")
      proc:close()
      assert.same({ nil, "closed" }, { stream.read_all(proc) })
      assert.same({ nil, "closed" }, { stream.read_line(proc) })
      assert.same({ nil, "closed" }, { stream.read_bytes(proc, 1) })
      assert.same({ nil, "closed" }, { stream.read_any(proc, 1) })
      assert.equal("", stream.read_bytes(proc, 0))
    end)
  end

  it("leaves nothing to write, shut down, wait for or kill", function()
    local proc = cat()
    proc:close()
    assert.same({ nil, "closed", 0 }, { proc:write("x") })
    assert.same({ nil, "exited" }, { proc:wait() })
    assert.same({ nil, "exited" }, { proc:try_wait() })
    assert.same({ nil, "exited" }, { proc:kill(9) })
    for _, direction in ipairs { "stdin", "stdout", "stderr" } do
      assert.same({ nil, "closed" }, { proc:shutdown(direction) })
    end
    proc:set_timeouts(1, 1, 1, 1)
  end)

  it("keeps an exit that was known before", function()
    local proc = assert(pipe.spawn({ "sh", "-c", "exit 3" }))
    proc:wait()
    proc:close()
    assert.same({ false, "exit", 3 }, { proc:try_wait() })
    assert.same({ nil, "exited" }, { proc:wait() })
  end)

  it("does not reach other children", function()
    local one, other = cat(), cat()
    one:close()
    assert.equal(5, other:write("other"))
    assert.equal("other", other:stdout_read_any(10))
    assert.same({ nil, "running" }, { other:try_wait() })
  end)
end)
