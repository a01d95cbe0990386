-- pipe.loop.run, and the deadlocks that it meets.
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local thrown = require "spec.thrown"

local loop = pipe.loop

setup(leaks.remember)
teardown(leaks.check)

describe("pipe.loop.run", function()
  it("runs until no light thread is left", function()
    local done = {}
    for number = 1, 3 do
      pipe.thread.spawn(function()
        local proc = assert(pipe.spawn({ "sh", "-c", "echo " .. number }))
        local line = proc:stdout_read_line()
        done[#done + 1] = line
        proc:wait()
        pipe.thread.spawn(function()
          pipe.sleep(0)
          done[#done + 1] = "inner"
        end)
      end)
    end
    loop.run()
    assert.equal(6, #done)
  end)

  it("returns at once when there is none", function()
    assert.equal(0, select("#", loop.run()))
    loop.run()
  end)

  it("is not kept by children that nobody waits for", function()
    local proc = assert(pipe.spawn({ "cat" }))
    loop.run()
    assert.same({ nil, "running" }, { proc:try_wait() })
  end)

  it("throws in a light thread", function()
    local th = pipe.thread.spawn(function()
      thrown("pipe.loop.run cannot be called in a light thread", loop.run)
      thrown("pipe.loop.step cannot be called in a light thread", loop.step)
    end)
    assert.same({ true }, { pipe.thread.wait(th) })
  end)

  it("goes on when a light thread fails", function()
    local default, failed, done = pipe.thread.on_error, 0, false
    pipe.thread.on_error = function() failed = failed + 1 end
    pipe.thread.spawn(function()
      pipe.sleep(0)
      error("broken")
    end)
    pipe.thread.spawn(function()
      pipe.sleep(0.001)
      done = true
    end)
    loop.run()
    pipe.thread.on_error = default
    assert.equal(1, failed)
    assert.is_true(done)
  end)
end)

describe("A deadlock", function()
  local one, two

  -- Two light threads that wait for each other, and the lines where they stand.
  local function entangle()
    one = pipe.thread.spawn(function()
      pipe.sleep(0)
      pipe.thread.wait(two) -- first stands here
    end)
    two = pipe.thread.spawn(function()
      pipe.sleep(0)
      pipe.thread.wait(one) -- second stands here
    end)
  end

  local function line_of(comment)
    local number = 0
    for line in io.lines("spec/loop_spec.lua") do
      number = number + 1
      if line:find("-- " .. comment .. "$") then
        return "spec/loop_spec.lua:" .. number
      end
    end
  end

  local function names_both(message)
    assert.equal("deadlock", message:match("^%w+"))
    assert.is_truthy(message:find(line_of("first stands here"), 1, true))
    assert.is_truthy(message:find(line_of("second stands here"), 1, true))
    local lines = select(2, message:gsub("spec/loop_spec.lua:%d+", ""))
    assert.is_true(lines >= 2)
  end

  after_each(function()
    for _, th in pairs { one, two } do
      pipe.thread.kill(th)
    end
    one, two = nil, nil
  end)

  it("makes pipe.loop.run throw, naming where the threads stand", function()
    entangle()
    local ok, message = pcall(loop.run)
    assert.is_false(ok)
    names_both(message)
  end)

  it("makes a wait of the main chunk throw, too", function()
    entangle()
    local ok, message = pcall(pipe.thread.wait, one)
    assert.is_false(ok)
    names_both(message)
    -- Nothing stays waiting: the threads can be ended, and the loop goes on.
    assert.is_true(pipe.thread.kill(one))
    assert.is_true(pipe.thread.kill(two))
    loop.run()
  end)

  it("is one also while a child runs that nobody waits for", function()
    local proc = assert(pipe.spawn({ "cat" }))
    entangle()
    assert.is_false((pcall(loop.run)))
    assert.same({ nil, "running" }, { proc:try_wait() })
  end)

  it("is none while a third thread can still end it", function()
    entangle()
    local done = false
    pipe.thread.spawn(function()
      pipe.sleep(0.001)
      pipe.thread.kill(one)
      done = true
    end)
    loop.run()
    assert.is_true(done)
  end)

  it("is none while a semaphore's timeout can end it", function()
    entangle()
    pipe.thread.kill(two)
    pipe.thread.wait(one)
    local semaphore = pipe.semaphore.new()
    one = pipe.thread.spawn(function() return semaphore:wait(0.001) end)
    loop.run()
    assert.same({ true, nil, "timeout" }, { pipe.thread.wait(one) })
  end)

  it("ends a script with its message", function()
    local result = host.run [[
      local pipe = require "pipe"
      local one, two
      one = pipe.thread.spawn(function() pipe.sleep(0) pipe.thread.wait(two) end)
      two = pipe.thread.spawn(function() pipe.sleep(0) pipe.thread.wait(one) end)
      pipe.loop.run()
    ]]
    assert.same({ "exit", 1 }, { result.reason, result.status })
    assert.is_truthy(result.stderr:find("deadlock", 1, true))
  end)
end)
