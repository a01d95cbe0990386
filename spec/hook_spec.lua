-- A debug hook that throws, as the interpreter's does for SIGINT: it breaks off what waits, and nothing stays busy.
local leaks = require "spec.leaks"
local pipe = require "pipe"

setup(leaks.remember)
teardown(leaks.check)

local megabyte = ("x"):rep(1048576)

local compiles = jit.status()

-- Has the next call of `f` throw. Nothing is compiled until the sentence is over: a trace calls no hook, and what is
-- not broken off waits for ever.
local function throw_at(f)
  jit.off()
  jit.flush()
  debug.sethook(function()
    if debug.getinfo(2, "f").func == f then
      debug.sethook()
      error("interrupted!", 0)
    end
  end, "c")
end

-- What asks who waits, and what waits.
local moments = { ["before it is armed"] = coroutine.running, ["when it is armed"] = coroutine.yield }

-- Every operation that waits for a process, and the one that tells whether it does still.
local operations = {
  { "stdout_read_all" }, { "stdout_read_line" }, { "stdout_read_bytes", 5 }, { "stdout_read_any", 5 },
  { "stderr_read_all" }, { "stderr_read_line" }, { "stderr_read_bytes", 5 }, { "stderr_read_any", 5 },
  { "write", megabyte }, { "wait" },
  { "wait", name = "pipe.wait_any", run = function(proc) return pipe.wait_any({ proc }) end },
}

local proc
before_each(function()
  proc = assert(pipe.spawn({ "sleep", "1000" }))
end)
after_each(function()
  debug.sethook()
  if compiles then
    jit.on()
  end
  proc:close()
  proc = nil
end)

-- Breaks off what would wait for ever.
local function break_off(moment, f, ...)
  throw_at(moment)
  local ok, err = pcall(f, ...)
  debug.sethook()
  assert.same({ false, "interrupted!" }, { ok, err })
end

local function in_light_thread(body)
  assert.same({ true }, { pipe.thread.wait(pipe.thread.spawn(body)) })
end

for _, operation in ipairs(operations) do
  local method, argument = operation[1], operation[2]
  local name = operation.name or method
  local run = operation.run or function() return proc[method](proc, argument) end

  local function assert_idle()
    proc:set_timeouts(1, 1, 1, 1)
    local result, message = proc[method](proc, argument)
    assert.same({ nil, "timeout" }, { result, message })
  end

  for moment, call in pairs(moments) do
    describe(("%s that a hook breaks off %s"):format(name, moment), function()
      it("can be called again by the light thread that it was thrown in", function()
        in_light_thread(function()
          break_off(call, run, proc)
          assert_idle()
        end)
      end)

      it("leaves nothing busy when that one waits for something else, takes a turn, or ends", function()
        for _, goes_on in ipairs { function() pipe.sleep(1000) end, coroutine.yield, function() end } do
          local th = pipe.thread.spawn(function()
            break_off(call, run, proc)
            goes_on()
          end)
          assert_idle()
          pipe.thread.kill(th)
        end
      end)

      it("leaves nothing busy when nobody catches it", function()
        local th = pipe.thread.spawn(function()
          pipe.sleep(0) -- until somebody waits for it
          throw_at(call)
          run(proc)
        end)
        assert.same({ false, "interrupted!" }, { pipe.thread.wait(th) })
        assert_idle()
      end)

      it("leaves nothing busy in a pipe.coroutine", function()
        in_light_thread(function()
          local ok, err = pipe.coroutine.resume(pipe.coroutine.create(function()
            throw_at(call) -- here: resume() asks who runs, too
            run(proc)
          end))
          assert.same({ false, "interrupted!" }, { ok, err })
          assert_idle()
        end)
      end)
    end)
  end

  if not operation.run then
    describe(name .. " that a hook breaks off when it has ended", function()
      it("can be called again", function()
        in_light_thread(function()
          proc:set_timeouts(1, 1, 1, 1)
          break_off(require("pipe.operation").fetched, run, proc)
          assert_idle()
        end)
      end)
    end)
  end

  describe(name .. " that a hook breaks off", function()
    it("leaves nothing busy in a plain coroutine of a light thread", function()
      in_light_thread(function()
        break_off(coroutine.running, coroutine.wrap(run), proc)
        assert_idle()
      end)
    end)
  end)
end

describe("A wait that a hook has broken off", function()
  it("does not end the next one", function()
    local semaphore, log = pipe.semaphore.new(), {}
    local th = pipe.thread.spawn(function()
      break_off(coroutine.yield, pipe.sleep, 0)
      log[1] = semaphore:wait(math.huge)
    end)
    pipe.sleep(0) -- the timer of the other one comes first
    pipe.sleep(0)
    semaphore:post()
    assert.same({ true }, { pipe.thread.wait(th) })
    assert.same({ true }, log)
  end)

  it("takes nothing from a semaphore", function()
    local semaphore = pipe.semaphore.new()
    in_light_thread(function()
      break_off(coroutine.yield, semaphore.wait, semaphore, math.huge)
      pipe.sleep(0)
      semaphore:post()
      assert.is_true(semaphore:wait(0))
    end)
  end)

  it("leaves the results of a light thread to others", function()
    local target = pipe.thread.spawn(function()
      pipe.sleep(0)
      return "result"
    end)
    in_light_thread(function()
      break_off(coroutine.yield, pipe.thread.wait, target)
      pipe.sleep(0)
      pipe.sleep(0)
      assert.same({ true, "result" }, { pipe.thread.wait(target) })
    end)
  end)
end)

describe("A hook that throws out of a wait of the main chunk", function()
  it("loses no light thread that was about to run", function()
    local turns = 0
    local th = pipe.thread.spawn(function()
      for _ = 1, 3 do
        coroutine.yield()
        turns = turns + 1
      end
      return "result"
    end)
    for _ = 1, 3 do
      break_off(coroutine.resume, pipe.sleep, 0)
    end
    assert.equal(0, turns)
    assert.same({ true, "result" }, { pipe.thread.wait(th) })
    assert.equal(3, turns)
  end)

  it("leaves one that was about to run to be killed", function()
    local th = pipe.thread.spawn(coroutine.yield)
    break_off(coroutine.resume, pipe.sleep, 0)
    assert.is_true(pipe.thread.kill(th))
  end)
end)
