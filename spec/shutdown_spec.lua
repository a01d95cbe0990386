-- proc:shutdown, one direction at a time.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local streams = require "spec.streams"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local function cat()
  return assert(pipe.spawn({ "cat" }))
end

describe("proc:shutdown", function()
  it("of stdin is the child's end of file", function()
    local proc = cat()
    proc:write("all")
    assert.is_true(proc:shutdown("stdin"))
    assert.equal("all", proc:stdout_read_all())
    assert.same({ true, "exit", 0 }, { proc:wait() })
  end)

  for _, stream in ipairs(streams) do
    it("of " .. stream.name .. " lets a child that writes there die of SIGPIPE", function()
      local proc = stream.sh("exec yes")
      assert.equal("y", stream.read_line(proc))
      assert.is_true(proc:shutdown(stream.name))
      assert.same({ false, "signal", libc.SIGPIPE }, { proc:wait() })
    end)

    it("of " .. stream.name .. " leaves the other directions open", function()
      local script = "trap '' PIPE; read line; echo $line 2>/dev/null; echo $line >&2"
      local proc = assert(pipe.spawn({ "sh", "-c", script }))
      local other = stream.name == "stdout" and streams[2] or streams[1]
      assert.is_true(proc:shutdown(stream.name))
      assert.equal(3, proc:write("go\n"))
      assert.equal("go", other.read_line(proc))
      assert.same({ nil, "closed" }, { stream.read_all(proc) })
    end)
  end

  it("is true also when repeated", function()
    local proc = cat()
    for _ = 1, 3 do
      for _, direction in ipairs { "stdin", "stdout", "stderr" } do
        assert.is_true(proc:shutdown(direction))
      end
    end
  end)

  it("is true when a light thread waits on it, which is told so", function()
    local proc = cat()
    local threads = {}
    for index, stream in ipairs(streams) do
      threads[index] = pipe.thread.spawn(function() return stream.read_line(proc) end)
    end
    for index, stream in ipairs(streams) do
      assert.is_true(proc:shutdown(stream.name))
      assert.same({ true, nil, "aborted", "" }, { pipe.thread.wait(threads[index]) })
      assert.is_true(proc:shutdown(stream.name))
    end
  end)

  it("closes one pipe at once", function()
    local function count()
      local open = 0
      for _ in pairs(leaks.descriptors()) do
        open = open + 1
      end
      return open
    end
    local proc = cat()
    leaks.collect()
    for _, direction in ipairs { "stdin", "stdout", "stderr" } do
      local before = count()
      proc:shutdown(direction)
      assert.equal(before - 1, count())
    end
  end)

  it("is still possible when the child has exited, but nobody has waited", function()
    local proc = assert(pipe.spawn({ "true" }))
    libc.await_exit(proc:pid())
    for _, direction in ipairs { "stdin", "stdout", "stderr" } do
      assert.is_true(proc:shutdown(direction))
    end
  end)

  it("is still possible when a wait has timed out", function()
    local proc = assert(pipe.spawn({ "cat" }, { wait_timeout = 1 }))
    assert.same({ nil, "timeout" }, { proc:wait() })
    assert.is_true(proc:shutdown("stdin"))
  end)

  it("finds everything closed when wait has told the exit", function()
    local proc = assert(pipe.spawn({ "true" }))
    proc:wait()
    for _, direction in ipairs { "stdin", "stdout", "stderr" } do
      assert.same({ nil, "closed" }, { proc:shutdown(direction) })
    end
  end)

  it("throws for a direction that is none", function()
    local proc, list = cat(), {}
    for _, direction in ipairs { "read", "write", "both", "", "STDIN", "stdin ", 0, true, list } do
      thrown("bad shutdown arg: " .. tostring(direction), proc.shutdown, proc, direction)
    end
    thrown("bad shutdown arg: nil", proc.shutdown, proc, nil)
    thrown("bad shutdown arg: nil", proc.shutdown, proc)
  end)

  it("throws also when the child has been waited for", function()
    local proc = assert(pipe.spawn({ "true" }))
    proc:wait()
    thrown("bad shutdown arg: read", proc.shutdown, proc, "read")
  end)
end)
