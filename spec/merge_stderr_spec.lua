-- The option merge_stderr: the child's stderr goes where its stdout goes.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local function merged(script)
  return assert(pipe.spawn({ "sh", "-c", script }, { merge_stderr = true }))
end

describe("With merge_stderr", function()
  it("stdout gives what both wrote, in their order", function()
    local proc = merged("echo one; echo two >&2; echo three; echo four >&2")
    assert.equal("one\ntwo\nthree\nfour\n", proc:stdout_read_all())
  end)

  it("both are one pipe to the child", function()
    local proc = merged("readlink /proc/$$/fd/1 /proc/$$/fd/2")
    local first, second = proc:stdout_read_line(), proc:stdout_read_line()
    assert.is_truthy(first:find("^pipe:"))
    assert.equal(first, second)
  end)

  it("nothing can be read from stderr", function()
    local proc = merged("echo text >&2")
    assert.same({ nil, "merged to stdout" }, { proc:stderr_read_all() })
    assert.same({ nil, "merged to stdout" }, { proc:stderr_read_line() })
    assert.same({ nil, "merged to stdout" }, { proc:stderr_read_bytes(1) })
    assert.same({ nil, "merged to stdout" }, { proc:stderr_read_any(1) })
    assert.equal("text", proc:stdout_read_line())
    proc:wait()
    assert.same({ nil, "merged to stdout" }, { proc:stderr_read_all() })
  end)

  it("the arguments of those reads are still looked at", function()
    local proc = merged("true")
    thrown("bad len argument", proc.stderr_read_bytes, proc, -1)
    thrown("bad max argument", proc.stderr_read_any, proc, 0)
    assert.equal("", proc:stderr_read_bytes(0))
  end)

  it("stderr cannot be shut down", function()
    local proc = merged("read line; echo $line >&2")
    assert.same({ nil, "merged to stdout" }, { proc:shutdown("stderr") })
    proc:write("text\n")
    assert.equal("text", proc:stdout_read_line())
  end)

  it("a shutdown of stdout ends both", function()
    local proc = merged("read line; exec yes >&2")
    assert.is_true(proc:shutdown("stdout"))
    proc:write("\n")
    assert.same({ false, "signal", 13 }, { proc:wait() })
  end)

  it("end of file comes when the child has closed both", function()
    local proc = merged("exec >&-; echo text >&2; exec 2>&-; read line")
    assert.equal("text\n", proc:stdout_read_all())
    assert.same({ nil, "running" }, { proc:try_wait() })
  end)

  it("the host holds one pipe less", function()
    local function added(options)
      local before, count = leaks.descriptors(), 0
      local proc = assert(pipe.spawn({ "cat" }, options))
      for fd, target in pairs(leaks.descriptors()) do
        count = count + (target:find("^pipe:") and before[fd] ~= target and 1 or 0)
      end
      proc:close()
      return count
    end
    assert.equal(3, added())
    assert.equal(2, added({ merge_stderr = true }))
  end)
end)

describe("merge_stderr", function()
  it("counts when it is any true value", function()
    for _, value in ipairs { true, 1, 0, "yes", "", {} } do
      local proc = assert(pipe.spawn({ "sh", "-c", "echo text >&2" }, { merge_stderr = value }))
      assert.equal("text\n", proc:stdout_read_all())
    end
  end)

  it("does not count when it is false or nil", function()
    for _, options in ipairs { { merge_stderr = false }, {} } do
      local proc = assert(pipe.spawn({ "sh", "-c", "echo text >&2" }, options))
      assert.equal("", proc:stdout_read_all())
      assert.equal("text\n", proc:stderr_read_all())
    end
  end)

  it("goes with a command string too", function()
    local proc = assert(pipe.spawn("echo text >&2", { merge_stderr = true }))
    assert.equal("text\n", proc:stdout_read_all())
  end)
end)
