-- Garbage: what is collected is killed and reaped, what is in use is not collected.
local eventually = require "spec.eventually"
local in_between = require "spec.in_between"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local streams = require "spec.streams"

setup(leaks.remember)
teardown(leaks.check)

local function gone(pid)
  return eventually(function() return not libc.exists(pid) end)
end

-- Calls `start` in a frame of its own, so that nothing of it stays on this one's stack.
local function pid_of(start)
  return (function() return start():pid() end)()
end

describe("A process that is collected", function()
  it("is killed and reaped", function()
    local pid = pid_of(function() return assert(pipe.spawn({ "cat" })) end)
    assert.is_true(libc.exists(pid))
    leaks.collect()
    assert.is_true(gone(pid))
  end)

  it("is killed whatever it does about other signals, and when it is stopped", function()
    local pid = pid_of(function()
      local proc = assert(pipe.spawn({ "sh", "-c", "trap '' HUP INT TERM PIPE; echo ready; while :; do :; done" }))
      assert.equal("ready", proc:stdout_read_line())
      return proc
    end)
    leaks.collect()
    assert.is_true(gone(pid))

    pid = pid_of(function()
      local proc = assert(pipe.spawn({ "cat" }))
      proc:kill("STOP")
      return proc
    end)
    leaks.collect()
    assert.is_true(gone(pid))
  end)

  it("is reaped when it had exited before", function()
    local pid = pid_of(function()
      local proc = assert(pipe.spawn({ "true" }))
      libc.await_exit(proc:pid())
      return proc
    end)
    leaks.collect()
    assert.is_true(gone(pid))
  end)

  it("gives its pipes back at once, without a turn of the loop", function()
    local function pipes()
      local count = 0
      for _, target in pairs(leaks.descriptors()) do
        count = count + (target:find("^pipe:") and 1 or 0)
      end
      return count
    end
    leaks.collect()
    local before = pipes()
    for _ = 1, 10 do
      pid_of(function() return assert(pipe.spawn({ "cat" })) end)
    end
    leaks.collect()
    assert.equal(before, pipes())
  end)

  it("may be one of hundreds", function()
    local pids = {}
    for number = 1, 200 do
      pids[number] = pid_of(function() return assert(pipe.spawn({ "cat" })) end)
    end
    leaks.collect()
    for _, pid in ipairs(pids) do
      assert.is_true(gone(pid))
    end
  end)

  it("does not disturb the others", function()
    local kept = assert(pipe.spawn({ "cat" }))
    local pid = pid_of(function() return assert(pipe.spawn({ "cat" })) end)
    leaks.collect()
    assert.is_true(gone(pid))
    kept:write("text")
    assert.equal("text", kept:stdout_read_any(10))
  end)
end)

describe("Nothing keeps a process that nobody uses any more:", function()
  -- Uses a process in some way, drops it, and looks whether it is gone.
  local function collected_after(use)
    local weak = setmetatable({}, { __mode = "v" });
    (function()
      local proc = assert(pipe.spawn({ "sh", "-c", "cat; echo err >&2" }))
      weak[1] = proc
      use(proc)
    end)()
    leaks.collect()
    assert.is_nil(weak[1])
  end

  it("neither a wait", function()
    collected_after(function(proc)
      proc:shutdown("stdin")
      proc:wait()
    end)
  end)

  it("nor reads and writes", function()
    collected_after(function(proc)
      proc:write("line\n")
      proc:stdout_read_line()
      proc:shutdown("stdin")
      proc:stdout_read_all()
      proc:stderr_read_all()
    end)
  end)

  it("nor an operation that timed out", function()
    collected_after(function(proc)
      proc:set_timeouts(1, 1, 1, 1)
      proc:stdout_read_line()
      proc:wait()
      proc:write(("x"):rep(1048576))
    end)
  end)

  it("nor a light thread that has ended", function()
    collected_after(function(proc)
      pipe.thread.wait(pipe.thread.spawn(function()
        proc:write("line\n")
        proc:stdout_read_line()
      end))
    end)
  end)

  it("nor a light thread that nobody waits for, and whose result or error leads to itself", function()
    local on_error = pipe.thread.on_error
    collected_after(function(proc)
      for _, leave in ipairs { function(job) return job end, error } do
        local job = { proc = proc }
        pipe.thread.on_error = function() end
        job.th = pipe.thread.spawn(leave, job)
        pipe.thread.on_error = on_error
      end
    end)
  end)

  it("nor a light thread that was killed", function()
    collected_after(function(proc)
      for _, call in ipairs { proc.stdout_read_line, proc.stderr_read_all, proc.wait } do
        pipe.thread.kill(pipe.thread.spawn(call, proc))
      end
    end)
  end)

  it("nor a close", function()
    collected_after(function(proc) proc:close() end)
  end)

  it("nor a failed call", function()
    collected_after(function(proc)
      pcall(proc.write, proc, true)
      pcall(proc.stdout_read_bytes, proc, -1)
    end)
  end)
end)

describe("A process is not collected while an operation is pending", function()
  it("even when nobody else knows it", function()
    local pid
    local th = pipe.thread.spawn(function()
      local proc = assert(pipe.spawn({ "cat" }))
      pid = proc:pid()
      return proc:wait()
    end)
    for _ = 1, 5 do
      leaks.collect()
      pipe.sleep(0)
    end
    assert.equal(0, libc.C.kill(pid, libc.SIGTERM))
    assert.same({ true, false, "signal", 15 }, { pipe.thread.wait(th) })
  end)

  it("nor is the thread, when the script has dropped that too", function()
    local result
    (function()
      pipe.thread.spawn(function()
        pipe.sleep(0)
        local proc = assert(pipe.spawn({ "sh", "-c", "read line; echo $line" }))
        proc:write("line\n")
        result = proc:stdout_read_line()
      end)
    end)()
    for _ = 1, 5 do
      leaks.collect()
      pipe.sleep(0)
    end
    pipe.loop.run()
    assert.equal("line", result)
  end)
end)

describe("Collecting all the time", function()
  local pause, step

  before_each(function()
    pause, step = collectgarbage("setpause", 0), collectgarbage("setstepmul", 10000)
  end)
  after_each(function()
    collectgarbage("setpause", pause)
    collectgarbage("setstepmul", step)
  end)

  for _, stream in ipairs(streams) do
    it("does not harm what is read from " .. stream.name, function()
      local proc = stream.cat()
      local lines, expected = {}, {}
      for number = 1, 2000 do
        expected[number] = ("line %d "):format(number):rep(20)
      end
      local writer = pipe.thread.spawn(function()
        for _, line in ipairs(expected) do
          assert(proc:write({ line, "\n" }))
        end
        proc:shutdown("stdin")
      end)
      for number = 1, 2000 do
        lines[number] = stream.read_line(proc)
        if number % 100 == 0 then
          collectgarbage()
        end
      end
      assert.is_true((pipe.thread.wait(writer)))
      assert.same(expected, lines)
    end)
  end

  it("does not harm a string that is being written", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local writer = pipe.thread.spawn(function()
      -- Made here and known to nobody else while the write waits.
      local size = assert(proc:write(("made of %d parts "):format(7):rep(50000)))
      size = size + assert(proc:write({ ("a"):rep(100000) .. "b", 12, ("c"):rep(200000) .. "d" }))
      proc:shutdown("stdin")
      return size
    end)
    for _ = 1, 20 do
      collectgarbage()
      pipe.sleep(0)
    end
    local all = proc:stdout_read_all()
    local expected = ("made of 7 parts "):rep(50000) .. ("a"):rep(100000) .. "b12" .. ("c"):rep(200000) .. "d"
    assert.is_true(all == expected)
    assert.same({ true, #expected }, { pipe.thread.wait(writer) })
  end)

  it("does not harm many children at once", function()
    local threads = {}
    for number = 1, 50 do
      threads[number] = pipe.thread.spawn(function()
        local proc = assert(pipe.spawn({ "sh", "-c", "read line; echo $line; exit 3" }))
        proc:write(number .. "\n")
        local line = proc:stdout_read_line()
        local _, _, status = proc:wait()
        return line, status
      end)
      collectgarbage()
    end
    for number = 1, 50 do
      assert.same({ true, tostring(number), 3 }, { pipe.thread.wait(threads[number]) })
    end
  end)
end)

-- Any allocation may run a finalizer, and that may use the process that an operation is just about to wait for.
describe("A finalizer that runs between the try of an operation and its wait", function()
  after_each(in_between.forget)

  it("finds the writer busy, and all that was written arrives", function()
    local proc, data, inner = assert(pipe.spawn({ "cat" })), ("x"):rep(1000000), nil
    local reader = pipe.thread.spawn(function() return proc:stdout_read_all() end)
    in_between.run(function() inner = { proc:write("bye\n") } end)
    assert.equal(#data, proc:write(data))
    assert.same({ nil, "pipe busy writing", 0 }, inner)
    proc:shutdown("stdin")
    assert.is_true(select(2, pipe.thread.wait(reader)) == data)
    assert.is_true(proc:wait())
  end)

  it("finds the reader busy, and nothing is lost", function()
    local proc, inner = assert(pipe.spawn({ "sh", "-c", "read x; echo a; echo b" })), nil
    in_between.run(function() inner = { proc:stdout_read_any(5) } proc:write("go\n") end)
    assert.equal("a\nb\n", proc:stdout_read_all())
    assert.same({ nil, "pipe busy reading" }, inner)
    assert.is_true(proc:wait())
  end)

  it("may close the process: what was about to wait is aborted", function()
    for name, wait in pairs {
      wait = function(proc) return proc:wait() end,
      read = function(proc) return proc:stdout_read_line() end,
      write = function(proc) return proc:write(("x"):rep(300000)) end,
    } do
      local proc = assert(pipe.spawn({ "sleep", "1000" }, { wait_timeout = 0 }))
      in_between.run(function() proc:close() end)
      assert.equal("aborted", select(2, wait(proc)), name)
    end
  end)
end)
