--- Every operation that waits, each for what only `later` brings about: a function that has another event loop call a
-- function. So an operation that blocked that loop would wait in vain.
local assert = require "luassert"
local libc = require "spec.libc"
local pipe = require "pipe"
local streams = require "spec.streams"

local megabyte = ("x"):rep(1048576)

-- Calls f with the beginning of a shell script that waits until `later` has come.
local function gated(later, f)
  local reading, writing = libc.pipe()
  later(function() libc.C.write(writing, "\n", 1) end)
  f(("read line </proc/%d/fd/%d; "):format(libc.C.getpid(), reading))
  libc.C.close(reading)
  libc.C.close(writing)
end

local waits = {
  ["pipe.sleep"] = function()
    pipe.sleep(0)
    assert.is_nil(pipe.sleep(0.002))
  end,
  ["a write"] = function(later)
    local proc, reading = assert(pipe.spawn({ "cat" })), nil
    later(function()
      reading = pipe.thread.spawn(function() return #proc:stdout_read_all() end)
    end)
    assert.equal(1048576, proc:write(megabyte))
    proc:shutdown("stdin")
    assert.same({ true, 1048576 }, { pipe.thread.wait(reading) })
  end,
  ["wait"] = function(later)
    local proc = assert(pipe.spawn({ "sh", "-c", "read line; exit 3" }))
    later(function() proc:write("\n") end)
    assert.same({ false, "exit", 3 }, { proc:wait() })
  end,
  ["a timeout"] = function()
    local proc = assert(pipe.spawn({ "cat" }, { stdout_read_timeout = 1, wait_timeout = 1 }))
    assert.same({ nil, "timeout", "" }, { proc:stdout_read_line() })
    assert.same({ nil, "timeout" }, { proc:wait() })
  end,
  ["a read that is aborted"] = function(later)
    local proc = assert(pipe.spawn({ "cat" }))
    later(function() proc:close() end)
    assert.same({ nil, "aborted", "" }, { proc:stdout_read_line() })
  end,
  ["terminate"] = function(later)
    local script = "trap 'read line; exit 4' TERM; echo ready; while :; do read line; done"
    local proc = assert(pipe.spawn({ "sh", "-c", script }))
    assert.equal("ready", proc:stdout_read_line())
    later(function() proc:write("\n\n") end)
    assert.same({ false, "exit", 4 }, { proc:terminate(60000) })
  end,
  ["pipe.wait_any"] = function(later)
    local one, other = assert(pipe.spawn({ "cat" })), assert(pipe.spawn({ "cat" }))
    later(function() other:shutdown("stdin") end)
    local proc, ok = pipe.wait_any({ one, other })
    assert.equal(other, proc)
    assert.is_true(ok)
  end,
  ["pipe.run"] = function(later)
    gated(later, function(gate)
      local res = assert(pipe.run(gate .. "echo out; echo err >&2; exit 3"))
      assert.same({ "out\n", "err\n", 3 }, { res.stdout, res.stderr, res.status })
    end)
  end,
  ["pipe.run with a feeder, callbacks and a timeout"] = function(later)
    local input, pieces, hungry = { "text" }, {}, pipe.semaphore.new()
    later(function() hungry:post(2) end)
    local res = assert(pipe.run({ "cat" }, {
      input = function()
        hungry:wait(math.huge)
        return table.remove(input)
      end,
      on_stdout = function(piece)
        pipe.sleep(0)
        pieces[#pieces + 1] = piece
      end,
      timeout = 60000,
    }))
    assert.equal("text", table.concat(pieces))
    assert.is_true(res.ok)
  end,
  ["pipe.run that meets its timeout"] = function()
    local res = assert(pipe.run("sleep 1000 | sleep 1000", { timeout = 5 }))
    assert.is_true(res.timed_out)
  end,
  ["pipe.shell.run"] = function(later)
    gated(later, function(gate)
      assert.same({ true, "text", "", "exit", 0 }, { pipe.shell.run(gate .. "cat", "text") })
    end)
  end,
  ["a pipeline's reads and its wait"] = function(later)
    local p = assert(pipe.pipeline({ { "cat" }, { "cat" } }))
    later(function() p:write("line\n") end)
    assert.equal("line", p:stdout_read_line())
    later(function() p:shutdown("stdin") end)
    assert.is_true((p:wait()))
  end,
  ["a pipeline's terminate"] = function()
    local p = assert(pipe.pipeline({ { "cat" }, { "cat" } }))
    assert.is_false((p:terminate(60000)))
  end,
  ["pipe.thread.wait"] = function(later)
    local semaphore = pipe.semaphore.new()
    local th = pipe.thread.spawn(function() return semaphore:wait(1000), "result" end)
    later(function() semaphore:post() end)
    assert.same({ true, true, "result" }, { pipe.thread.wait(th) })
  end,
  ["a semaphore"] = function(later)
    local semaphore = pipe.semaphore.new()
    later(function() semaphore:post() end)
    assert.is_true(semaphore:wait(math.huge))
    assert.same({ nil, "timeout" }, { semaphore:wait(0.001) })
  end,
  ["pipe.signal.wait"] = function(later)
    later(function() pipe.signal.kill(libc.C.getpid(), "USR1") end)
    assert.equal("USR1", pipe.signal.wait("USR1"))
    assert.same({ nil, "timeout" }, { pipe.signal.wait("USR1", 1) })
    later(function() pipe.signal.reset("USR1") end)
    assert.same({ nil, "aborted" }, { pipe.signal.wait("USR1") })
  end,
  ["a generator of pipe.coroutine"] = function(later)
    local proc = assert(pipe.spawn({ "cat" }))
    local lines = pipe.coroutine.wrap(function()
      pipe.coroutine.wrap(pipe.sleep)(0)
      for line in proc:stdout_lines() do
        pipe.coroutine.yield(line)
      end
      return nil
    end)
    later(function() proc:write("one\n") end)
    assert.equal("one", lines())
    later(function()
      proc:write("two\n")
      proc:shutdown("stdin")
    end)
    assert.equal("two", lines())
    assert.is_nil(lines())
  end,
}

for _, stream in ipairs(streams) do
  waits["reads of " .. stream.name] = function(later)
    local proc = stream.cat()
    for _, read in ipairs { stream.read_any, stream.read_bytes } do
      later(function() proc:write("text") end)
      assert.equal("text", read(proc, 4))
    end
    later(function() proc:write("line\n") end)
    assert.equal("line", stream.read_line(proc))
    later(function() proc:write("another\n") end)
    assert.equal("another", proc[stream.name .. "_lines"](proc)())
    later(function()
      proc:write("rest")
      proc:shutdown("stdin")
    end)
    assert.equal("rest", stream.read_all(proc))
  end
end

return waits
