-- Where a call may stand: the contract's table, for every operation that waits.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local streams = require "spec.streams"

setup(leaks.remember)
teardown(leaks.check)

local megabyte = ("x"):rep(1048576)
local idle, semaphore, sleeper

-- Every operation that waits, on what never ends by itself, and what it says when it is not busy but times out.
local operations = {
  { "stdout_read_all", function() return idle:stdout_read_all() end },
  { "stdout_read_line", function() return idle:stdout_read_line() end },
  { "stdout_read_bytes", function() return idle:stdout_read_bytes(5) end },
  { "stdout_read_any", function() return idle:stdout_read_any(5) end },
  { "stderr_read_all", function() return idle:stderr_read_all() end },
  { "stderr_read_line", function() return idle:stderr_read_line() end },
  { "stderr_read_bytes", function() return idle:stderr_read_bytes(5) end },
  { "stderr_read_any", function() return idle:stderr_read_any(5) end },
  { "write", function() return idle:write(megabyte) end },
  { "wait", function() return idle:wait() end },
  { "semaphore:wait", function() return semaphore:wait(0.001) end },
  { "pipe.thread.wait", function() return pipe.thread.wait(sleeper, pipe.thread.spawn(pipe.sleep, 0.001)) end, true },
  { "pipe.sleep", function() return pipe.sleep(0.001) end, "nothing" },
}

before_each(function()
  idle = assert(pipe.spawn({ "sleep", "1000" }, {
    write_timeout = 1, stdout_read_timeout = 1, stderr_read_timeout = 1, wait_timeout = 1,
  }))
  semaphore = pipe.semaphore.new()
  sleeper = pipe.thread.spawn(pipe.sleep, 1000)
end)
after_each(function()
  idle:close()
  pipe.thread.kill(sleeper)
  idle, semaphore, sleeper = nil, nil, nil
end)

-- The operation has waited, and nothing was busy.
local function waited(operation, result, message)
  if operation[3] == nil then
    assert.same({ nil, "timeout" }, { result, message })
  elseif operation[3] == true then
    assert.is_true(result)
  else
    assert.is_nil(result)
  end
end

local function in_light_thread(body)
  local ok, failure = pipe.thread.wait(pipe.thread.spawn(body))
  if not ok then
    error(failure, 0)
  end
end

-- Places out of which Lua cannot yield: each calls f there and passes its error on.
local c_calls = {
  ["string.gsub's callback"] = function(f)
    return (("x"):gsub("x", function() f() end))
  end,
  ["table.sort's comparison"] = function(f)
    table.sort({ 2, 1 }, function(a, b)
      f()
      return a < b
    end)
  end,
  ["a module that is being required"] = function(f)
    package.preload["spec.a_module_that_waits"] = f
    package.loaded["spec.a_module_that_waits"] = nil
    require "spec.a_module_that_waits"
  end,
}

for _, operation in ipairs(operations) do
  local name, run = operation[1], operation[2]

  describe(name, function()
    it("waits in the main chunk", function()
      waited(operation, run())
    end)

    it("waits in a light thread", function()
      in_light_thread(function() waited(operation, run()) end)
    end)

    it("waits in a light thread's pcall and xpcall", function()
      in_light_thread(function()
        local ok, result, message = pcall(run)
        assert.is_true(ok)
        waited(operation, result, message)
        ok, result, message = xpcall(run, debug.traceback)
        assert.is_true(ok)
        waited(operation, result, message)
      end)
    end)

    it("waits in a plain coroutine that the main chunk resumed", function()
      local ok, result, message = coroutine.resume(coroutine.create(run))
      assert.is_true(ok, result)
      waited(operation, result, message)
    end)

    it("waits in a plain coroutine within a plain coroutine", function()
      waited(operation, coroutine.wrap(function() return coroutine.wrap(run)() end)())
    end)

    it("waits in a pipe.coroutine of the main chunk, and of a light thread", function()
      waited(operation, pipe.coroutine.wrap(run)())
      in_light_thread(function() waited(operation, pipe.coroutine.wrap(run)()) end)
    end)

    it("throws in a plain coroutine of a light thread, and nothing stays busy", function()
      in_light_thread(function()
        local ok, message = coroutine.resume(coroutine.create(function() run() end))
        assert.is_false(ok)
        local text = "cannot wait in a plain coroutine of a light thread; use pipe.coroutine"
        assert.is_truthy(message:find(text, 1, true), message)
        waited(operation, run())
      end)
    end)

    for place, call in pairs(c_calls) do
      it("throws in " .. place .. " of a light thread, and nothing stays busy", function()
        in_light_thread(function()
          local ok, message = pcall(call, run)
          assert.is_false(ok)
          assert.is_truthy(tostring(message):find("attempt to yield across C-call boundary", 1, true))
          waited(operation, run())
        end)
      end)

      it("waits in " .. place .. " of the main chunk", function()
        call(function() waited(operation, run()) end)
      end)
    end

    it("lets light threads go on while the main chunk waits", function()
      local turns = 0
      local th = pipe.thread.spawn(function()
        coroutine.yield() -- no sleep: the operation might be over as soon
        turns = turns + 1
      end)
      run()
      assert.equal(1, turns)
      pipe.thread.wait(th)
    end)
  end)
end

describe("A call that need not wait", function()
  it("works even where Lua cannot yield", function()
    in_light_thread(function()
      for _, call in pairs(c_calls) do
        local proc = assert(pipe.spawn({ "sh", "-c", "echo text; read line; exit 3" }))
        -- Read ahead: the rest of the line is in the buffer.
        assert.equal("t", proc:stdout_read_bytes(1))
        local seen = {}
        call(function()
          seen[1] = seen[1] or proc:stdout_read_line()
          seen[2] = seen[2] or proc:write("\n")
          seen[3] = proc:stdout_read_bytes(0)
        end)
        assert.same({ "ext", 1, "" }, seen)
        assert.same({ false, "exit", 3 }, { (function()
          proc:set_timeouts(nil, nil, nil, 10000)
          return proc:wait()
        end)() })
      end
    end)
  end)

  it("works there also when it starts a child or ends one", function()
    in_light_thread(function()
      for _, call in pairs(c_calls) do
        local seen
        call(function()
          local proc = assert(pipe.spawn({ "cat" }))
          proc:set_timeouts(1, 1, 1, 1)
          seen = { proc:pid() > 0, proc:try_wait(), proc:kill(0), proc:shutdown("stdin"), proc:close() }
          seen[2] = select(2, pipe.spawn({ "no-such" }))
        end)
        assert.same({ true, "failed to spawn 'no-such': No such file or directory", true, true, true }, seen)
      end
    end)
  end)

  it("works in a plain coroutine of a light thread", function()
    in_light_thread(function()
      local proc = assert(pipe.spawn({ "cat" }))
      assert.equal(5, coroutine.wrap(function() return proc:write("text\n") end)())
      assert.equal("t", proc:stdout_read_bytes(1))
      assert.equal("ext", coroutine.wrap(function() return proc:stdout_read_line() end)())
    end)
  end)
end)

describe("A generator that the main chunk resumes", function()
  it("may read lines as a plain coroutine, while light threads go on", function()
    local ticks = 0
    local ticker = pipe.thread.spawn(function()
      while true do
        pipe.sleep(0)
        ticks = ticks + 1
      end
    end)
    local proc = assert(pipe.spawn({ "cat" }))
    local lines = coroutine.wrap(function()
      while true do
        proc:write("line\n")
        coroutine.yield(proc:stdout_read_line())
      end
    end)
    for _ = 1, 10 do
      assert.equal("line", lines())
    end
    assert.is_true(ticks > 0)
    pipe.thread.kill(ticker)
  end)
end)

describe("Light threads", function()
  it("advance only while something waits or the loop runs", function()
    local resumed = false
    local th = pipe.thread.spawn(function()
      coroutine.yield()
      resumed = true
    end)
    local proc = assert(pipe.spawn({ "cat" }))
    proc:write("text")
    proc:try_wait()
    proc:kill(0)
    proc:shutdown("stdin")
    assert.is_false(resumed)
    pipe.thread.wait(th)
    assert.is_true(resumed)
  end)
end)

for _, stream in ipairs(streams) do
  describe("An answer on " .. stream.name .. " that has come already", function()
    for name, call in pairs {
      ["in a plain coroutine of a light thread"] = function(f) return coroutine.wrap(f)() end,
      ["out of which Lua cannot yield"] = function(f) return (("x"):gsub("x", f)) end,
    } do
      it("is read " .. name, function()
        local proc = stream.sh("echo ready; read x; echo answer")
        assert.equal("ready", stream.read_line(proc))
        proc:write("\n")
        libc.await_exit(proc:pid())
        local thread = pipe.thread.spawn(call, function() return (stream.read_line(proc)) end)
        assert.same({ true, "answer" }, { pipe.thread.wait(thread) })
      end)
    end
  end)
end
