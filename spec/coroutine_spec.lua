-- pipe.coroutine: as the standard one, but a wait inside passes on to the scheduler.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local places = require "spec.places"

setup(leaks.remember)
teardown(leaks.check)

-- Small programs that use nothing but a coroutine library; each returns what it saw.
local programs = {
  ["passes values in and out"] = function(co)
    local seen = {}
    local th = co.create(function(...)
      seen[#seen + 1] = { ... }
      seen[#seen + 1] = { co.yield(1, nil, 3) }
      return "end", nil
    end)
    seen[#seen + 1] = { co.resume(th, "a", "b") }
    seen[#seen + 1] = { co.resume(th, "c") }
    seen[#seen + 1] = { co.resume(th) }
    return seen, co.status(th), select("#", co.resume(th))
  end,

  ["tells the status"] = function(co)
    local seen, th = {}, nil
    th = co.create(function()
      seen[#seen + 1] = co.status(th)
      local inner = co.create(function() seen[#seen + 1] = co.status(th) end)
      co.resume(inner)
      seen[#seen + 1] = co.status(inner)
      co.yield()
    end)
    seen[#seen + 1] = co.status(th)
    co.resume(th)
    seen[#seen + 1] = co.status(th)
    co.resume(th)
    seen[#seen + 1] = co.status(th)
    return seen
  end,

  ["tells an error"] = function(co)
    local th = co.create(function() error("broken", 0) end)
    local ok, err = co.resume(th)
    return ok, err, co.status(th), { co.resume(th) }
  end,

  ["tells an error of any kind"] = function(co)
    local value = { "value" }
    local ok, err = co.resume(co.create(function() error(value) end))
    return ok, err == value
  end,

  ["does not resume itself"] = function(co)
    local th
    th = co.create(function() return co.resume(th) end)
    return co.resume(th)
  end,

  ["wraps a generator"] = function(co)
    local seen = {}
    for value in co.wrap(function()
      for number = 1, 5 do
        co.yield(number)
      end
    end) do
      seen[#seen + 1] = value
    end
    return seen
  end,

  ["passes arguments through wrap"] = function(co)
    local wrapped = co.wrap(function(a)
      local b = co.yield(a + 1)
      return b * 2
    end)
    return wrapped(1), wrapped(10)
  end,

  ["throws out of wrap"] = function(co)
    local wrapped = co.wrap(function() error("broken", 0) end)
    return pcall(wrapped)
  end,

  ["throws out of wrap what was thrown"] = function(co)
    local value = {}
    local wrapped = co.wrap(function() error(value) end)
    local ok, err = pcall(wrapped)
    return ok, err == value
  end,

  ["does not wrap what is dead"] = function(co)
    local wrapped = co.wrap(function() end)
    wrapped()
    local ok, err = pcall(wrapped)
    return ok, (tostring(err):gsub("^.-:%d+: ", ""))
  end,

  ["yields out of nested calls and pcall"] = function(co)
    local function deep(level)
      if level == 0 then
        return co.yield("deep")
      end
      return (deep(level - 1))
    end
    local th = co.create(function() return pcall(deep, 10) end)
    local _, out = co.resume(th)
    return out, co.resume(th, "back")
  end,

  ["nests"] = function(co)
    local outer = co.wrap(function()
      local inner = co.wrap(function()
        co.yield("inner one")
        co.yield("inner two")
      end)
      co.yield(inner())
      co.yield("outer")
      co.yield(inner())
    end)
    return outer(), outer(), outer()
  end,

  ["knows what runs"] = function(co)
    local th
    th = co.create(function() return co.running() == th end)
    return co.resume(th)
  end,

  ["takes only functions"] = function(co)
    return (pcall(co.create, 1)), (pcall(co.wrap, nil)), (pcall(co.resume, 1)), (pcall(co.status, {}))
  end,
}

for name, program in pairs(programs) do
  for _, place in ipairs(places) do
    it("pipe.coroutine in " .. place.name .. " " .. name .. ", as the standard one", function()
      local expected, seen = { program(coroutine) }, nil
      place.run(function() seen = { program(pipe.coroutine) } end)
      assert.same(expected, seen)
    end)
  end
end

describe("pipe.coroutine", function()
  it("knows that the main chunk is no coroutine", function()
    assert.equal(coroutine.running(), pipe.coroutine.running())
  end)

  it("knows the light thread that runs", function()
    local running
    local th = pipe.thread.spawn(function() running = pipe.coroutine.running() end)
    assert.equal(th, running)
    pipe.thread.wait(th)
  end)

  for _, place in ipairs(places) do
    it("lets a generator wait in " .. place.name, function()
      place.run(function()
        local function lines(proc)
          return pipe.coroutine.wrap(function()
            for line in function() return (proc:stdout_read_line()) end do
              pipe.coroutine.yield(line)
            end
          end)
        end
        local seen = {}
        for line in lines(assert(pipe.spawn({ "seq", "100" }))) do
          seen[#seen + 1] = tonumber(line)
        end
        assert.equal(100, #seen)
        assert.equal(100, seen[100])
      end)
    end)

    it("lets two generators in " .. place.name .. " take turns with waiting", function()
      place.run(function()
        local function sums(proc)
          return pipe.coroutine.wrap(function()
            while true do
              proc:write("x\n")
              pipe.coroutine.yield(proc:stdout_read_line())
              pipe.sleep(0)
            end
          end)
        end
        local one = sums(assert(pipe.spawn({ "cat" })))
        local two = sums(assert(pipe.spawn({ "cat" })))
        for _ = 1, 10 do
          assert.equal("x", one())
          assert.equal("x", two())
        end
      end)
    end)

    it("passes a wait through nested coroutines in " .. place.name, function()
      place.run(function()
        local co = pipe.coroutine
        local proc = assert(pipe.spawn({ "sh", "-c", "read line; exit 3" }))
        local outer = co.create(function()
          local inner = co.create(function()
            proc:write("\n")
            local result = { proc:wait() }
            co.yield("between")
            return result
          end)
          local _, between = co.resume(inner)
          co.yield(between)
          return co.resume(inner)
        end)
        assert.same({ true, "between" }, { co.resume(outer) })
        assert.same({ true, true, { false, "exit", 3 } }, { co.resume(outer) })
        assert.equal("dead", co.status(outer))
      end)
    end)

    it("passes on the error of a wait in " .. place.name, function()
      place.run(function()
        local th = pipe.coroutine.create(function()
          pipe.sleep(0)
          error("broken", 0)
        end)
        assert.same({ false, "broken" }, { pipe.coroutine.resume(th) })
        assert.equal("dead", pipe.coroutine.status(th))
      end)
    end)
  end

  it("lets other light threads go on while a generator waits", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local reader = pipe.thread.spawn(function()
      return pipe.coroutine.wrap(function() return proc:stdout_read_line() end)()
    end)
    local writer = pipe.thread.spawn(function() return proc:write("line\n") end)
    assert.same({ true, 5 }, { pipe.thread.wait(writer) })
    assert.same({ true, "line" }, { pipe.thread.wait(reader) })
  end)

  it("does not run on in a thread that was killed meanwhile", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local reached = false
    local th = pipe.thread.spawn(function()
      pipe.coroutine.wrap(function()
        proc:stdout_read_line()
        reached = true
      end)()
    end)
    assert.is_true(pipe.thread.kill(th))
    proc:write("line\n")
    assert.equal("line", proc:stdout_read_line())
    assert.is_false(reached)
  end)

  it("yields to the other light threads when it is a light thread's own", function()
    local log = {}
    for _, name in ipairs { "a", "b" } do
      pipe.thread.spawn(function()
        for turn = 1, 2 do
          log[#log + 1] = name .. turn
          pipe.coroutine.yield()
        end
      end)
    end
    pipe.loop.run()
    assert.equal("a1 b1 a2 b2", table.concat(log, " "))
  end)

  it("can start light threads, and wait for them", function()
    local wrapped = pipe.coroutine.wrap(function()
      local th = pipe.thread.spawn(function()
        pipe.sleep(0)
        return "inner"
      end)
      pipe.coroutine.yield(select(2, pipe.thread.wait(th)))
    end)
    assert.equal("inner", wrapped())
    local outer = pipe.thread.spawn(function()
      return pipe.coroutine.wrap(function()
        return select(2, pipe.thread.wait(pipe.thread.spawn(function()
          pipe.sleep(0)
          return "inner"
        end)))
      end)()
    end)
    assert.same({ true, "inner" }, { pipe.thread.wait(outer) })
  end)
end)
