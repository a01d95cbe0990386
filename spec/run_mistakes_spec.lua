-- pipe.run and the caller's mistakes: each is thrown, and no child is left.
local eventually = require "spec.eventually"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local thrown = require "spec.thrown"
local thrown_head = require "spec.thrown_head"

setup(leaks.remember)
teardown(leaks.check)

local function no_children()
  return eventually(function() return #leaks.children() == 0 end)
end

-- What earlier cases have left to the garbage collector is not in the way.
local function all_gone()
  leaks.collect()
  assert.is_true(no_children())
end

describe("pipe.run", function()
  it("throws for a piece of input that is none, and kills the child", function()
    all_gone()
    for _, piece in ipairs { true, print, { true } } do
      assert.is_false((pcall(pipe.run, { "sleep", "1000" }, { input = function() return piece end })))
    end
    assert.is_true(no_children())
  end)

  it("throws in a plain coroutine of a light thread, before anything is started", function()
    all_gone()
    local th = pipe.thread.spawn(function()
      return coroutine.resume(coroutine.create(function()
        thrown("cannot wait in a plain coroutine of a light thread; use pipe.coroutine", pipe.run, { "true" })
      end))
    end)
    assert.same({ true, true }, { pipe.thread.wait(th) })
    assert.same({}, leaks.children())
  end)

  it("throws for bad arguments as spawn does", function()
    thrown("bad args arg: table expected, got nil", pipe.run)
    thrown("bad args arg: non-empty table expected", pipe.run, {})
    thrown("bad value at index 2 of args arg: string expected, got boolean", pipe.run, { "ls", true })
    thrown("bad environ option: table expected, got string", pipe.run, { "ls" }, { environ = "A=b" })
    thrown("bad cwd option: string expected, got number", pipe.run, { "ls" }, { cwd = 5 })
  end)

  it("throws for the four timeouts, which are spawn's", function()
    for _, name in ipairs { "write_timeout", "stdout_read_timeout", "stderr_read_timeout", "wait_timeout" } do
      thrown("bad " .. name .. " option: not for pipe.run", pipe.run, { "true" }, { [name] = 1000 })
    end
  end)

  it("throws for bad options of its own", function()
    local bad = {
      timeout = { -1, 4294967296, 0 / 0, 1 / 0, "100", {}, true },
      grace = { -1, 4294967296, 0 / 0, 1 / 0, "100", {}, true },
      drain_timeout = { -1, 4294967296, 0 / 0, 1 / 0, "100", {}, true },
      max_output = { -1, 0 / 0, "many", {}, true },
      on_stdout = { "print", {}, true },
      on_stderr = { "print", {}, true },
      input = { true, io.stdin },
    }
    for name, values in pairs(bad) do
      for _, value in ipairs(values) do
        thrown_head("bad " .. name .. " option", pipe.run, { "true" }, { [name] = value })
      end
    end
  end)

  it("throws for an input that cannot go where stdin is", function()
    for _, stdin in ipairs { "null", "inherit", 0, { file = "/dev/null" } } do
      thrown_head("bad ", pipe.run, { "true" }, { input = "text", stdin = stdin })
    end
    assert.equal("text", assert(pipe.run({ "cat" }, { input = "text", stdin = "pipe" })).stdout)
  end)

  it("has started nothing when it throws", function()
    all_gone()
    pcall(pipe.run, { "cat" }, { wait_timeout = 1 })
    pcall(pipe.run, { "cat" }, { timeout = -1 })
    assert.same({}, leaks.children())
  end)
end)
