-- A pipeline in its whole: who waits for it, its end with its handle or its host, and the caller's mistakes.
local eventually = require "spec.eventually"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local pipelines = require "spec.pipelines"
local thrown = require "spec.thrown"
local thrown_head = require "spec.thrown_head"

setup(leaks.remember)
teardown(leaks.check)

local pipeline, cats, exits, gone = pipelines.start, pipelines.cats, pipelines.exits, pipelines.gone

describe("A pipeline", function()
  it("tells its processes", function()
    local p = cats()
    local pids = p:pids()
    assert.equal(3, #pids)
    for _, pid in ipairs(pids) do
      assert.is_true(libc.exists(pid))
    end
    assert.equal("pipeline (3 processes)", tostring(p))
  end)

  it("is waited for by one thread at a time", function()
    local p = cats()
    local waiter = pipe.thread.spawn(function() return p:wait() end)
    assert.same({ nil, "pipe busy waiting" }, { p:wait() })
    p:shutdown("stdin")
    local _, ok, results = pipe.thread.wait(waiter)
    assert.is_true(ok)
    assert.equal("exit 0, exit 0, exit 0", exits(results))
  end)

  it("can be waited for again when the thread that waited is killed", function()
    local p = pipeline({ { "cat" }, "exit 3" })
    libc.await_exit(p:pids()[2])
    local waiter = pipe.thread.spawn(function() return p:wait() end)
    pipe.sleep(0)
    assert.is_true(pipe.thread.kill(waiter))
    p:shutdown("stdin")
    local ok, results = p:wait()
    assert.is_false(ok)
    assert.equal("exit 0, exit 3", exits(results))
  end)

  it("lets other light threads go on while it is waited for", function()
    local p, other = cats(), cats()
    local waiter = pipe.thread.spawn(function() return p:wait() end)
    other:write("line\n")
    assert.equal("line", other:stdout_read_line())
    p:shutdown("stdin")
    local _, ok = pipe.thread.wait(waiter)
    assert.is_true(ok)
  end)

  it("that is closed tells those who wait", function()
    local p = cats()
    local waiter = pipe.thread.spawn(function() return p:wait() end)
    local reader = pipe.thread.spawn(function() return p:stdout_read_line() end)
    p:close()
    assert.same({ true, nil, "aborted" }, { pipe.thread.wait(waiter) })
    assert.same({ true, nil, "aborted", "" }, { pipe.thread.wait(reader) })
  end)

  it("is not waited for in a plain coroutine of a light thread, and nobody stays busy", function()
    local p = cats({ wait_timeout = 1 })
    for _, method in ipairs { "wait", "terminate" } do
      local th = pipe.thread.spawn(function()
        return coroutine.resume(coroutine.create(function()
          thrown("cannot wait in a plain coroutine of a light thread; use pipe.coroutine", p[method], p)
        end))
      end)
      assert.same({ true, true }, { pipe.thread.wait(th) })
      assert.same({ nil, "timeout" }, { p:wait() })
    end
  end)

  it("is waited for in a pipe.coroutine of a light thread", function()
    local p = cats()
    local th = pipe.thread.spawn(function()
      return pipe.coroutine.wrap(function() return (p:terminate()) end)()
    end)
    assert.same({ true, false }, { pipe.thread.wait(th) })
  end)

  it("says of a number that is no signal that it is invalid", function()
    local p = cats()
    for _, signum in ipairs { 65, -1, 1.5, 0 / 0, 1 / 0 } do
      assert.same({ nil, "invalid signal" }, { p:kill(signum) })
    end
    p:write("text")
    assert.equal("text", p:stdout_read_any(10))
  end)

  it("that is collected is killed as a whole", function()
    local pids = (function() return cats({ stderr = "pipe" }):pids() end)()
    leaks.collect()
    gone(pids)
  end)

  it("is not collected while its lines are read", function()
    local iterator = (function()
      local p = cats()
      p:write("one\ntwo\n")
      return p:stdout_lines()
    end)()
    for _, line in ipairs { "one", "two" } do
      leaks.collect()
      pipe.sleep(0)
      assert.equal(line, iterator())
    end
  end)

  it("is killed when the host ends", function()
    host.adopt_orphans(true)
    for line, status in pairs { [""] = 0, ["os.exit(3)"] = 3, ["error('broken')"] = 1 } do
      local result = host.run([[
        local pipe = require "pipe"
        local p = assert(pipe.pipeline({ { "cat" }, "trap '' HUP TERM PIPE; read x", { "sleep", "1000" } }))
        print(table.concat(p:pids(), " "))
        io.stdout:flush()
      ]] .. line)
      assert.equal(status, result.status)
      local pids = host.numbers(result.stdout)
      assert.equal(3, #pids)
      host.left_nothing(pids)
    end
    host.adopt_orphans(false)
  end)

  it("says that the host has run out of descriptors, and leaves nothing behind", function()
    assert.equal("done\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local stages = { { "cat" }, { "cat" }, { "cat" } }
      assert(select(2, assert(pipe.pipeline(stages)):terminate()))
      local spare, free = require "spec.full_table" (64)
      local failures, p = 0, nil
      while true do
        local before, message, code = free(), nil, nil
        p, message, code = pipe.pipeline(stages, { stderr = "pipe" })
        if p then
          break
        end
        failures = failures + 1
        assert(code == "EMFILE" and message:find("Too many open files"), message)
        -- The stages that had been started have been killed; the loop reaps them.
        for _ = 1, 2000 do
          if free() == before then
            break
          end
          pipe.sleep(0.005)
        end
        assert(free() == before, "a failed pipeline kept a descriptor")
        assert(libc.C.close(table.remove(spare)) == 0)
      end
      assert(failures > 1)
      assert(p:write("text") == 4 and p:stdout_read_any(9) == "text")
      print "done"
    ]])
  end)

  it("throws for bad stages, at the caller's line, before anything is started", function()
    leaks.collect()
    eventually(function() return #leaks.children() == 0 end)
    thrown("bad stages arg: table expected, got nil", pipe.pipeline)
    thrown_head("bad stages arg: ", pipe.pipeline, "cat")
    thrown_head("bad stages arg: ", pipe.pipeline, {})
    thrown_head("bad value at index 2 of stages arg: ", pipe.pipeline, { { "cat" }, true })
    thrown_head("bad value at index 2 of stages arg: ", pipe.pipeline, { { "cat" }, {} })
    thrown_head("bad value at index 3 of stages arg: ", pipe.pipeline, { { "cat" }, "cat", 5 })
    thrown_head("bad ", pipe.pipeline, { { "cat" }, { "cat", true } })
    thrown_head("bad ", pipe.pipeline, { { "cat" }, { "cat", cwd = 5 } })
    thrown_head("bad ", pipe.pipeline, { { "cat" }, { "cat", env = 5 } })
    thrown_head("bad pty option: ", pipe.pipeline, { { "cat" } }, { pty = true })
    thrown("bad cwd option: string expected, got number", pipe.pipeline, { { "cat" } }, { cwd = 5 })
    thrown("bad wait_timeout option", pipe.pipeline, { { "cat" } }, { wait_timeout = -1 })
    assert.same({}, leaks.children())
  end)

  it("leaves the caller's tables as they are", function()
    local stages, options = { { "cat", cwd = "/" }, "cat" }, { stdin = "null", env = { NAME = "value" } }
    assert.is_true((pipeline(stages, options):wait()))
    assert.same({ { "cat", cwd = "/" }, "cat" }, stages)
    assert.same({ stdin = "null", env = { NAME = "value" } }, options)
  end)

  it("throws as a process does for bad arguments of its methods", function()
    local p = cats()
    thrown("bad signal arg: number expected, got FOO", p.kill, p, "FOO")
    thrown("bad grace arg", p.terminate, p, -1)
    thrown("bad max argument", p.stdout_read_any, p, 0)
    thrown("bad data arg: string, number, or table expected, got boolean", p.write, p, true)
    thrown("bad shutdown arg: read", p.shutdown, p, "read")
    p:write("text")
    assert.equal("text", p:stdout_read_any(10))
  end)

  for _, method in ipairs {
    "write", "shutdown", "wait", "kill", "terminate", "close", "pids", "stdout_lines",
    "stdout_read_all", "stdout_read_line", "stdout_read_bytes", "stdout_read_any",
    "stderr_read_all", "stderr_read_line", "stderr_read_bytes", "stderr_read_any",
  } do
    it("has a method " .. method .. " that throws for anything else", function()
      local p = cats()
      thrown("not a pipeline instance", p[method], {}, 1)
      thrown("not a pipeline instance", p[method], nil, 1)
      p:close()
    end)
  end
end)
