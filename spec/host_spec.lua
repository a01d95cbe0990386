-- How a host ends, and what becomes of its children then.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"

local ffi = require "ffi"

setup(leaks.remember)
setup(function() host.adopt_orphans(true) end)
teardown(leaks.check)
teardown(function() host.adopt_orphans(false) end)

-- Children in every condition, with operations pending on them; prints their pids.
local family = [[
  local pipe = require "pipe"
  local children = {}
  local function add(args, options)
    local proc = assert(pipe.spawn(args, options))
    children[#children + 1] = proc
    print(proc:pid())
    return proc
  end
  local reader, writer, waiter = add({ "cat" }), add({ "sleep", "1000" }), add({ "cat" }, { merge_stderr = true })
  local stubborn = add({ "sh", "-c", "trap '' HUP INT TERM PIPE; echo ready; while :; do read line; done" })
  assert(stubborn:stdout_read_line() == "ready")
  add({ "cat" }):kill("STOP")
  add({ "true" })
  add({ "false" }):wait()
  add({ "cat" }):close()
  local semaphore = pipe.semaphore.new()
  local th = pipe.thread.spawn(function() return reader:stdout_read_all() end)
  pipe.thread.spawn(function() return reader:stderr_read_line() end)
  pipe.thread.spawn(function() return writer:write(("x"):rep(1048576)) end)
  pipe.thread.spawn(function() return waiter:wait() end)
  pipe.thread.spawn(function() return pipe.sleep(1000) end)
  pipe.thread.spawn(function() return semaphore:wait(1000) end)
  pipe.thread.spawn(function() return pipe.thread.wait(th) end)
  pipe.thread.spawn(function()
    return pipe.coroutine.wrap(function() return waiter:stdout_read_line() end)()
  end)
  io.stdout:flush()
]]

describe("A host with living children and pending operations", function()
  for ending, case in pairs {
    ["by its last line"] = { "", 0 },
    ["by its last line, its tables cleared"] = { "children, reader, writer, waiter, stubborn = nil", 0 },
    ["by os.exit"] = { "os.exit(0)", 0 },
    ["by os.exit with a status"] = { "os.exit(3)", 3 },
    ["by os.exit that closes the Lua state"] = { "os.exit(4, true)", 4 },
    ["by os.exit in a light thread"] = {
      "pipe.thread.spawn(function() pipe.sleep(0) os.exit(5) end) pipe.loop.run()", 5,
    },
    ["by os.exit in a coroutine"] = { "coroutine.wrap(function() pipe.sleep(0) os.exit(6) end)()", 6 },
    ["by os.exit in a light thread's coroutine"] = {
      [[
        pipe.thread.spawn(function() pipe.coroutine.wrap(function() pipe.sleep(0) os.exit(7) end)() end)
        pipe.loop.run()
      ]], 7,
    },
    ["by os.exit right after all was collected"] = {
      "children, reader, writer, waiter, stubborn = nil; collectgarbage() collectgarbage() os.exit(8)", 8,
    },
  } do
    it("that ends " .. ending .. " leaves none behind, and does not crash", function()
      local result = host.run(family .. case[1])
      assert.same({ "", "exit", case[2] }, { result.stderr, result.reason, result.status })
      local pids = host.numbers(result.stdout)
      assert.equal(8, #pids)
      host.left_nothing(pids)
    end)
  end

  for ending, line in pairs {
    ["an uncaught error"] = "error('broken')",
    ["an error that is no string"] = "error({})",
    ["the library's own error"] = "pipe.spawn(nil)",
    ["a failed assertion"] = "assert(pipe.spawn({ 'no-such' }))",
  } do
    it("that ends by " .. ending .. " leaves none behind, and does not crash", function()
      local result = host.run(family .. line)
      assert.same({ "exit", 1 }, { result.reason, result.status })
      assert.are_not.equal("", result.stderr)
      host.left_nothing(host.numbers(result.stdout))
    end)
  end

  for _, signal in ipairs { "TERM", "KILL", "HUP" } do
    it("that is killed by SIG" .. signal .. " leaves its children running", function()
      local there, back = os.tmpname(), os.tmpname()
      for _, fifo in ipairs { there, back } do
        os.remove(fifo)
        assert.equal(0, libc.C.mkfifo(fifo, 384))
      end
      -- The answer's descriptor is opened both ways, so that opening does not wait for the child.
      local answer = libc.C.open(back, libc.O_RDWR + libc.O_NONBLOCK, 0)
      local proc = host.start(([[
        local pipe = require "pipe"
        local child = assert(pipe.spawn({ "sh", "-c", "echo ready; read word <%s; echo $word >%s" }))
        assert(child:stdout_read_line() == "ready")
        print(child:pid())
        io.stdout:flush()
        pipe.sleep(1000)
      ]]):format(there, back))
      local pid = tonumber(proc:stdout_read_line())
      proc:kill(signal)
      local result = host.finish(proc)
      assert.equal("signal", result.reason)

      -- The child does its work, though its parent is gone.
      local file = assert(io.open(there, "w"))
      file:write("word\n")
      file:close()
      assert.is_true(libc.ready(answer))
      local buffer = ffi.new("char[16]")
      assert.equal("word\n", ffi.string(buffer, libc.C.read(answer, buffer, 16)))
      libc.C.close(answer)
      assert.same({ "exit", 0 }, { libc.reap(pid) })
      os.remove(there)
      os.remove(back)
    end)
  end
end)

describe("A script", function()
  it("ends with its last line: light threads that still wait are dropped", function()
    assert.equal("first\nlast line\n", host.output [[
      local pipe = require "pipe"
      pipe.thread.spawn(function()
        print("first")
        pipe.sleep(0)
        print("late")
      end)
      print("last line")
    ]])
  end)

  it("lets them finish with pipe.loop.run() as its last line", function()
    assert.equal("first\nlast line\nlate\n", host.output [[
      local pipe = require "pipe"
      pipe.thread.spawn(function()
        print("first")
        pipe.sleep(0)
        print("late")
      end)
      print("last line")
      pipe.loop.run()
    ]])
  end)

  it("reports a failing light thread on stderr, and goes on", function()
    local result = host.run [[
      local pipe = require "pipe"
      pipe.thread.spawn(function()
        pipe.sleep(0)
        error("broken thread")
      end)
      pipe.loop.run()
      print("went on")
    ]]
    assert.same({ "went on\n", "exit", 0 }, { result.stdout, result.reason, result.status })
    assert.is_truthy(result.stderr:find("broken thread", 1, true))
    assert.is_truthy(result.stderr:find("traceback", 1, true))
  end)

  it("may do nothing but require the library", function()
    assert.equal("", host.output [[ require "pipe" ]])
  end)

  it("may end while a thread drives a child that floods", function()
    local result = host.run [[
      local pipe = require "pipe"
      local proc = assert(pipe.spawn({ "yes" }))
      print(proc:pid())
      pipe.thread.spawn(function()
        while true do
          assert(proc:stdout_read_any(65536))
          pipe.sleep(0)
        end
      end)
      for _ = 1, 100 do
        pipe.sleep(0)
      end
    ]]
    assert.same({ "", "exit", 0 }, { result.stderr, result.reason, result.status })
    host.left_nothing(host.numbers(result.stdout))
  end)
end)

describe("Two thousand children, one after the other, nothing closed by hand,", function()
  for name, line in pairs {
    ["waited for"] = [[ assert(assert(pipe.spawn({ "true" })):wait()) ]],
    ["read to the end"] = [[ assert(assert(pipe.spawn({ "echo" })):stdout_read_all() == "\n") ]],
    ["dropped"] = [[ assert(pipe.spawn({ "true" })) ]],
  } do
    it("and " .. name .. ", fit into sixty-four descriptors", function()
      assert.equal("done\n", host.output(([[
        local libc = require "spec.libc"
        local pipe = require "pipe"
        libc.limit(libc.RLIMIT_NOFILE, 64)
        for _ = 1, 2000 do
          %s
        end
        print "done"
      ]]):format(line)))
    end)
  end
end)
