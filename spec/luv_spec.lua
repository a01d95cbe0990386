-- pipe.luv: life inside libuv's loop, as luv has it.
local carried = require "spec.carried"
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"

local luv = require "pipe.luv"
local uv = require "luv"

-- Both loops open their descriptors at their first use.
setup(function()
  luv.attach()
  luv.detach()
  uv.run()
  leaks.remember()
end)
teardown(function()
  uv.run()
  leaks.check()
end)

local case = carried {
  name = "pipe.luv",
  attach = luv.attach,
  start = function(f) coroutine.wrap(f)() end,
  later = function(f)
    local timer = uv.new_timer()
    timer:start(1, 0, function()
      timer:close()
      f()
    end)
  end,
  turn = function() uv.run("once") end,
  finish = uv.run,
  script = [[
    local attach, run = require "pipe.luv".attach, require "luv".run
    local function start(f)
      coroutine.wrap(f)()
    end
  ]],
}

describe("pipe.luv", function()
  before_each(case.before)
  after_each(case.after)

  for name, body in pairs(case.cases) do
    it(name, body)
  end

  it("does not take a stray resume for the result", function()
    local semaphore, result, ended = pipe.semaphore.new(), nil, false
    local co = coroutine.create(function()
      result = { semaphore:wait(math.huge) }
      pipe.sleep(0.001)
      coroutine.yield()
      ended = true
    end)
    assert(coroutine.resume(co))
    for _ = 1, 3 do
      assert.same({ true }, { coroutine.resume(co, "stray") })
    end
    assert.is_nil(result)
    semaphore:post()
    assert.same({ true }, { coroutine.resume(co, "just in time") })
    assert.same({ true }, result)
    assert.same({ true }, { coroutine.resume(co, "stray") })
    uv.run()
    assert.equal("suspended", coroutine.status(co)) -- in its own yield, to which nobody of ours comes back
    assert.is_false(ended)
    assert(coroutine.resume(co))
  end)

  it("lets who resumed a coroutine go on when that waits", function()
    local order = {}
    coroutine.wrap(function()
      local inner = coroutine.create(function()
        pipe.sleep(0)
        order[#order + 1] = "inner"
      end)
      assert.same({ true }, { coroutine.resume(inner) })
      order[#order + 1] = "outer"
    end)()
    uv.run()
    assert.same({ "outer", "inner" }, order)
  end)

  it("needs as many handles in the end as it needed first, however often it is attached", function()
    local function handles()
      local count = 0
      uv.walk(function() count = count + 1 end)
      return count
    end
    local before = handles()
    for _ = 1, 3 do
      luv.detach()
      luv.attach()
    end
    assert.equal(before, handles())
  end)

  it("takes the module that it is given", function()
    luv.detach()
    assert.is_true(luv.attach(uv))
  end)
end)

describe("pipe.luv in a host of its own", function()
  for name, body in pairs(case.hosted) do
    it(name, body)
  end

  it("throws what a coroutine throws, out of the callback", function()
    local result = host.run [[
      local pipe = require "pipe"
      local uv = require "luv"
      require "pipe.luv".attach()
      coroutine.wrap(function()
        pipe.sleep(0)
        local function fail()
          error("broken")
        end
        fail()
      end)()
      uv.run()
      print("went on")
    ]]
    assert.equal("", result.stdout)
    assert.is_truthy(result.stderr:find("Uncaught Error: [^\n]*broken\n.*in function 'fail'"), result.stderr)
  end)

  it("resumes the others all the same", function()
    -- A host that survives an error in a callback, as Neovim does.
    assert.equal("second\nthird\n", host.output([[
      local calls = {}
      vim = { schedule = function(f) table.insert(calls, f) end, loop = require "luv" }
      local pipe = require "pipe"
      require "pipe.luv".attach()
      local semaphore = pipe.semaphore.new()
      for _, name in ipairs { "first", "second", "third" } do
        coroutine.wrap(function()
          semaphore:wait(math.huge)
          if name == "first" then error("broken") end
          print(name)
        end)()
      end
      local function call_all()
        while calls[1] do
          pcall(table.remove(calls, 1))
        end
      end
      vim.loop.run("once")
      call_all()
      semaphore:post(3)
      call_all()
    ]]))
  end)

  it("may be detached by the last line of a program", function()
    assert.equal("text\n", host.output [[
      local pipe = require "pipe"
      local luv = require "pipe.luv"
      luv.attach()
      coroutine.wrap(function() print(pipe.run({ "echo", "-n", "text" }).stdout) end)()
      require "luv".run()
      luv.detach()
    ]])
  end)

  it("does not resume the host's coroutines in a copy that turns that loop", function()
    assert.equal("text\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local uv = require "luv"
      require "pipe.luv".attach()
      local proc = assert(pipe.spawn({ "cat" }))
      coroutine.wrap(function() print(proc:stdout_read_line()) end)()
      local copy = libc.C.fork()
      if copy == 0 then
        pipe.sleep(0.001)
        uv.run("nowait")
        uv.run("nowait")
        os.exit(0)
      end
      libc.reap(copy)
      proc:write("text\n")
      uv.run()
    ]])
  end)
end)
