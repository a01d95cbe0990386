--- What holds in every event loop that carries ours through an adapter. A driver tells how to live in that loop:
--   name        the adapter's module
--   attach()    attaches it to that loop
--   start(f)    has f run in a coroutine of that loop
--   later(f)    has that loop call f, by means of its own, when others have had their turn
--   turn()      turns that loop once; it may block
--   finish()    turns it until it has nothing to do any more; nil where it goes on for ever
--   script      the first lines of a host of its own: Lua that declares attach(), start(f), and run(), which turns that
--               loop until all that were started have ended
-- The result has what a spec file needs for it: `before` and `after` each case, the cases, name to function, and those
-- that run in a host of their own: `hosted`.
local assert = require "luassert"
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local thrown = require "spec.thrown"
local waits = require "spec.waits"

local others = {
  ["pipe.luv"] = require "pipe.luv".attach,
  ["pipe.copas"] = require "pipe.copas".attach,
  ["pipe.cqueues"] = function() require "pipe.cqueues".attach(require "cqueues".new()) end,
}
require "luv" -- which makes its loop, and the descriptors of that

return function(driver)
  local adapter, on_error = require(driver.name), pipe.thread.on_error
  local started

  -- Starts a coroutine of that loop; what it throws is in the table that this returns.
  local function start(body)
    local fate = {}
    driver.start(function()
      fate.ok, fate.err = xpcall(body, debug.traceback)
      fate.ended = true
    end)
    started = fate
    return fate
  end

  local function run(condition)
    while not condition() do
      driver.turn()
    end
  end

  local function finish(fate)
    run(function() return fate.ended end)
    assert(fate.ok, fate.err)
  end

  local function inside(body)
    finish(start(body))
  end

  local carried = { cases = {}, hosted = {} }
  local cases = carried.cases

  function carried.before()
    assert.is_true(driver.attach())
  end

  function carried.after()
    pipe.thread.on_error = on_error
    assert.is_true(started == nil or started.ended)
    assert.is_true(adapter.detach())
    started = nil
  end

  for name, wait in pairs(waits) do
    cases["lets a coroutine wait: " .. name] = function()
      local fate = start(function() wait(driver.later) end)
      assert.is_nil(fate.ended)
      finish(fate)
    end
  end

  cases["lets many coroutines wait at once"] = function()
    local left = 0
    for number = 1, 20 do
      left = left + 1
      driver.start(function()
        local proc = assert(pipe.spawn({ "cat" }))
        driver.later(function() proc:write(number .. "\n") end)
        assert(proc:stdout_read_line() == tostring(number))
        pipe.sleep(0)
        left = left - 1
      end)
    end
    run(function() return left == 0 end)
  end

  cases["resumes who was woken by the main chunk, by another coroutine, and by a light thread"] = function()
    local semaphore, order = pipe.semaphore.new(), {}
    local first = start(function()
      assert(semaphore:wait(math.huge))
      order[#order + 1] = "first"
      semaphore:post()
    end)
    local second = start(function()
      assert(semaphore:wait(math.huge))
      order[#order + 1] = "second"
      pipe.thread.spawn(function()
        pipe.sleep(0)
        semaphore:post()
      end)
    end)
    local third = start(function()
      assert(semaphore:wait(math.huge))
      order[#order + 1] = "third"
    end)
    semaphore:post()
    finish(first)
    finish(second)
    finish(third)
    assert.same({ "first", "second", "third" }, order)
  end

  cases["is told of what a step by hand has done"] = function()
    local semaphore = pipe.semaphore.new()
    local fate = start(function() assert(semaphore:wait(math.huge)) end)
    driver.later(function()
      pipe.thread.spawn(function()
        coroutine.yield()
        semaphore:post()
      end)
      pipe.loop.step()
    end)
    finish(fate)
  end

  cases["keeps a coroutine that nobody refers to"] = function()
    local result
    local function unknown()
      local semaphore = pipe.semaphore.new()
      pipe.thread.spawn(function()
        pipe.sleep(0.001)
        semaphore:post()
      end)
      assert(semaphore:wait(math.huge))
      result = (assert(pipe.spawn({ "echo", "kept" }))):stdout_read_line()
    end
    driver.start(unknown)
    run(function()
      leaks.collect()
      return result
    end)
    assert.equal("kept", result)
  end

  cases["throws on the main stack, before anything happens"] = function()
    local file = os.tmpname()
    assert.is_true(os.remove(file))
    thrown("cannot wait outside a coroutine", pipe.sleep, 0)
    thrown("cannot wait outside a coroutine", pipe.run, { "touch", file })
    thrown("cannot wait outside a coroutine", pipe.thread.wait, pipe.thread.spawn(pipe.sleep, 0))
    local proc = assert(pipe.spawn({ "cat" }))
    thrown("cannot wait outside a coroutine", proc.stdout_read_line, proc)
    thrown("cannot wait outside a coroutine", proc.wait, proc)
    assert.is_nil(io.open(file))
    inside(function()
      driver.later(function() proc:write("text\n") end)
      assert.equal("text", proc:stdout_read_line())
      proc:shutdown("stdin")
      assert.is_true((proc:wait()))
    end)
  end

  cases["throws where Lua cannot yield, and nothing stays busy"] = function()
    inside(function()
      local proc = assert(pipe.spawn({ "cat" }))
      local ok, message = pcall(string.gsub, "x", "x", function() return proc:stdout_read_line() end)
      assert.is_false(ok)
      assert.is_truthy(message:find("attempt to yield across C-call boundary", 1, true), message)
      local generator = pipe.coroutine.wrap(function() return proc:stdout_read_line() end)
      ok, message = pcall(string.gsub, "x", "x", generator)
      assert.is_false(ok)
      assert.is_truthy(message:find("attempt to yield across C-call boundary", 1, true), message)
      driver.later(function() proc:write("text\n") end)
      assert.equal("text", proc:stdout_read_line())
    end)
  end

  cases["refuses a plain coroutine of a light thread, as ever"] = function()
    local th = pipe.thread.spawn(function() return coroutine.resume(coroutine.create(pipe.sleep), 0) end)
    inside(function()
      local _, ok, message = pipe.thread.wait(th)
      assert.is_false(ok)
      assert.is_truthy(message:find("use pipe.coroutine", 1, true), message)
    end)
  end

  cases["needs no coroutine for what need not wait"] = function()
    local proc = assert(pipe.spawn({ "cat" }))
    assert.equal(4, proc:write("text"))
    assert.same({ nil, "running" }, { proc:try_wait() })
    assert.is_true(proc:kill("KILL"))
    assert.is_true(proc:close())
  end

  cases["lets light threads go on"] = function()
    local order = {}
    local th = pipe.thread.spawn(function()
      local proc = assert(pipe.spawn({ "echo", "text" }))
      order[1] = proc:stdout_read_line()
      pipe.sleep(0.001)
      order[2] = "slept"
    end)
    run(function() return pipe.coroutine.status(th) == "dead" end)
    assert.same({ "text", "slept" }, order)
  end

  cases["lets pipe.thread.on_error wait"] = function()
    local told
    function pipe.thread.on_error(_, message)
      pipe.sleep(0.001)
      told = message
    end
    pipe.thread.spawn(function()
      pipe.sleep(0)
      error("broken", 0)
    end)
    run(function() return told end)
    assert.equal("broken", told)
  end

  cases["has a coroutine look dead only when it is, and normal while it waits through another one"] = function()
    inside(function()
      local semaphore = pipe.semaphore.new()
      local waiting = pipe.coroutine.create(function() return semaphore:wait(math.huge), nil end)
      driver.later(function()
        assert.equal("normal", pipe.coroutine.status(waiting))
        assert.same({ false, "cannot resume non-suspended coroutine" }, { pipe.coroutine.resume(waiting) })
        semaphore:post()
      end)
      assert.equal(3, select("#", pipe.coroutine.resume(waiting)))
      assert.equal("dead", pipe.coroutine.status(waiting))
      assert.equal(1, select("#", pipe.coroutine.resume(pipe.coroutine.create(function() end))))
    end)
  end

  cases["does not let pipe.loop.run block that loop"] = function()
    thrown(("pipe.loop.run cannot be called while %s is attached: it would block that loop"):format(driver.name),
      pipe.loop.run)
  end

  cases["is attached once"] = function()
    assert.is_true(driver.attach())
    assert.is_true(adapter.detach())
    assert.is_true(adapter.detach())
    assert.is_nil(pipe.sleep(0))
  end

  cases["is undone by detach: the main chunk waits again, and drives the loop"] = function()
    adapter.detach()
    local proc = assert(pipe.spawn({ "sh", "-c", "read line; echo $line" }))
    pipe.thread.spawn(function()
      pipe.sleep(0)
      proc:write("text\n")
    end)
    assert.equal("text", proc:stdout_read_line())
    pipe.loop.run()
  end

  cases["still resumes, after detach, those who wait"] = function()
    local proc = assert(pipe.spawn({ "cat" }))
    local result
    local fate = start(function() result = proc:stdout_read_line() end)
    driver.later(function() end) -- which ends the turn
    driver.turn()
    adapter.detach()
    assert.equal(5, proc:write("text\n"))
    pipe.sleep(0.001) -- the loop is driven here, too
    finish(fate)
    assert.equal("text", result)
  end

  cases["may be attached again while some still wait"] = function()
    local semaphore = pipe.semaphore.new()
    local fate = start(function()
      assert(semaphore:wait(math.huge))
      pipe.sleep(0)
    end)
    driver.later(function() end) -- which ends the turn
    driver.turn()
    adapter.detach()
    assert.is_true(driver.attach())
    semaphore:post()
    finish(fate)
  end

  cases["is in the way of other adapters"] = function()
    for name, attach in pairs(others) do
      if name ~= driver.name then
        local ok, message = pcall(attach)
        assert.is_false(ok)
        assert.is_truthy(message:find(driver.name .. " is attached already", 1, true), message)
      end
    end
  end

  if driver.finish then
    cases["lets that loop end when nobody waits"] = function()
      driver.finish()
      local proc = assert(pipe.spawn({ "cat" }))
      driver.finish()
      local result
      start(function()
        driver.later(function() proc:write("text\n") end)
        result = proc:stdout_read_line()
      end)
      driver.finish()
      assert.equal("text", result)
    end

    cases["lets it go on until the last light thread has ended"] = function()
      local result
      pipe.thread.spawn(function()
        pipe.sleep(0.002)
        result = (assert(pipe.spawn({ "echo", "text" }))):stdout_read_line()
      end)
      driver.finish()
      assert.equal("text", result)
    end

    cases["lets it end when the last light thread is killed"] = function()
      local th = pipe.thread.spawn(pipe.sleep, 1000)
      driver.later(function() assert(pipe.thread.kill(th)) end)
      driver.finish()
    end
  end

  carried.hosted["cannot be attached without descriptors, and can when there are some"] = function()
    assert.equal("nil\tToo many open files\tEMFILE\ntrue\ntext\n", host.output(driver.script .. [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local spare = require "spec.full_table" (64)
      print(attach())
      for _, fd in ipairs(spare) do
        libc.C.close(fd)
      end
      print(attach())
      start(function() print(assert(pipe.spawn({ "echo", "text" })):stdout_read_line()) end)
      run()
    ]]))
  end

  for ending, line in pairs {
    ["ends"] = "os.exit(0)",
    ["closes its state"] = "os.exit(0, true)",
    ["is killed"] = "io.stdout:flush() libc.C.kill(libc.C.getpid(), libc.SIGKILL)",
  } do
    carried.hosted["leaves a forked copy of the host to itself, and is not disturbed by it; it " .. ending] = function()
      local output = host.output(driver.script .. host.exercise .. ([[
        assert(attach())
        local proc, nobody = assert(pipe.spawn({ "cat" })), pipe.semaphore.new()
        start(function()
          print(proc:stdout_read_line())
          print(proc:wait())
          assert(nobody:wait(math.huge))
        end)
        start(function() assert(nobody:wait(math.huge)) end)
        start(function()
          pipe.sleep(0.001)
          io.stdout:flush()
          local copy = libc.C.fork()
          if copy == 0 then
            print(proc:write("x"))
            print(proc:wait())
            pipe.sleep(0.001)
            exercise()
            nobody:post()
            print(nobody:wait(0))
            collectgarbage()
            collectgarbage()
            io.stdout:flush()
            %s
          end
          libc.reap(copy)
          proc:write("text\n")
          proc:shutdown("stdin")
          nobody:post(2)
        end)
        run()
      ]]):format(line))
      assert.equal("nil\tclosed\t0\nnil\texited\ntrue\ntext\ntrue\texit\t0\n", output)
    end
  end

  return carried
end
