-- pipe.signal and what the host does with its signals itself: handlers, ignored signals, blocking calls.
local eventually = require "spec.eventually"
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"

setup(leaks.remember)
teardown(leaks.check)

-- The host's handler is umask(2): the last signal that it was called for is the mask.
local prelude = [[
  local ffi = require "ffi"
  local libc = require "spec.libc"
  local disposition = require "spec.disposition"
  local pipe = require "pipe"
  local umask = ffi.cast("void *", libc.C.umask)
  local function called_for()
    return libc.C.umask(0)
  end
  local function raise(name)
    assert(pipe.signal.kill(libc.C.getpid(), name))
  end
  libc.C.umask(0)
]]

describe("A signal that is caught", function()
  it("does not reach LuaJIT's own SIGINT handler, which would throw into the script", function()
    assert.equal("INT\tINT\nfalse\tinterrupted!\n", host.output(prelude .. [[
      local log = {}
      local handle = pipe.signal.on("INT", function(name) log[#log + 1] = name end)
      raise("INT")
      raise("INT")
      pipe.sleep(0)
      pipe.loop.run()
      print(unpack(log))
      handle:stop()
      local ok, err = pcall(function()
        libc.C.raise(2)
        return "went on"
      end)
      print(ok, (err:match("interrupted!")))
    ]]))
  end)

  it("does not reach the host's handler, until it is left alone again", function()
    for _, case in ipairs {
      { [[ local handle = pipe.signal.on("USR1", function() end) ]], [[ handle:stop() ]] },
      { [[ pipe.signal.wait("USR1", 1) ]], [[ pipe.signal.reset("USR1") ]] },
    } do
      assert.equal("10\n0\n10\n", host.output(([[
        %s
        libc.C.signal(10, umask)
        raise("USR1")
        print(called_for())
        %s
        raise("USR1")
        print(called_for())
        %s
        raise("USR1")
        print(called_for())
      ]]):format(prelude, case[1], case[2])))
    end
  end)

  it("stays with a handler that the host has put over ours, also when we leave", function()
    assert.equal("10\n10\nUSR1\t0\n10\n", host.output(prelude .. [[
      local handle = pipe.signal.on("USR1", print)
      libc.C.signal(10, umask)
      raise("USR1")
      print(called_for())
      handle:stop()
      raise("USR1")
      print(called_for())
      handle = pipe.signal.on("USR1", function(name) print(name, called_for()) end) -- ours over theirs
      raise("USR1")
      pipe.sleep(0)
      pipe.loop.run()
      handle:stop()
      raise("USR1")
      print(called_for())
    ]]))
  end)

  it("and is SIGCHLD is the host's as well: other libraries have children, too", function()
    assert.equal("CHLD\t17\n", host.output(prelude .. [[
      libc.C.signal(libc.SIGCHLD, umask)
      pipe.signal.wait("CHLD", 1)
      local proc = assert(pipe.spawn({ "true" }))
      libc.await_exit(proc:pid())
      print(assert(pipe.signal.wait("CHLD")), called_for())
      assert(proc:wait())
    ]]))
  end)

  it("and is SIGCHLD tells of exits, while they are told by wait as ever", function()
    assert.equal("3\ndefault\n", host.output(prelude .. [[
      local exits, told = 0, pipe.semaphore.new()
      local handle = pipe.signal.on("CHLD", function()
        exits = exits + 1
        told:post()
      end)
      for number = 1, 3 do
        local proc = assert(pipe.spawn({ "sh", "-c", "exit " .. number }))
        assert(select(3, proc:wait()) == number)
        told:wait(math.huge)
      end
      print(exits)
      handle:stop()
      print(disposition("CHLD"))
    ]]))
  end)
end)

describe("A signal that the host ignores", function()
  it("is caught all the same by on and wait, and ignored again afterwards", function()
    for _, name in ipairs { "HUP", "CHLD", "PIPE" } do
      assert.equal(name .. "\ncaught\n" .. name .. "\nignored\n", host.output(prelude .. ([[
        local name = "%s"
        libc.C.signal(pipe.signal.signum(name), libc.SIG_IGN)
        local handle = pipe.signal.on(name, print)
        raise(name)
        pipe.sleep(0)
        pipe.loop.run()
        pipe.signal.wait(name, 1)
        handle:stop()
        print(disposition(name))
        raise(name)
        print((pipe.signal.wait(name)))
        pipe.signal.reset(name)
        print(disposition(name))
      ]]):format(name)))
    end
  end)

  it("and is SIGCHLD is ignored again as soon as handle:stop() is called, whoever waits for a child", function()
    assert.equal("caught\nignored\nignored\nignored\n", host.output(prelude .. [[
      libc.C.signal(libc.SIGCHLD, libc.SIG_IGN)
      local handle = pipe.signal.on("CHLD", function() end)
      local proc = assert(pipe.spawn({ "cat" }))
      local waiter = pipe.thread.spawn(function() return proc:wait() end)
      print(disposition("CHLD"))
      handle:stop()
      print(disposition("CHLD"))
      proc:shutdown("stdin")
      pipe.thread.wait(waiter)
      print(disposition("CHLD"))
      local other = assert(pipe.spawn({ "true" }))
      other:wait()
      print(disposition("CHLD"))
    ]]))
  end)
end)

describe("A blocking call of the host", function()
  it("goes on when a signal comes that is caught", function()
    local proc = host.start(prelude .. [[
      pipe.signal.wait("HUP", 1)
      print("ready")
      io.stdout:flush()
      print(io.read())
      print((pipe.signal.wait("HUP")))
    ]])
    assert.equal("ready", proc:stdout_read_line())
    local function file(name)
      local handle = assert(io.open(("/proc/%d/%s"):format(proc:pid(), name)))
      local text = handle:read("*a")
      handle:close()
      return text
    end
    -- It sleeps in read(2); then the signal is no more pending.
    assert.is_truthy(eventually(function() return file("stat"):find(") S", 1, true) end))
    assert.is_true(pipe.signal.kill(proc:pid(), "HUP"))
    assert.is_truthy(eventually(function()
      return file("status"):find("ShdPnd:%s*0000000000000000") and file("stat"):find(") S", 1, true)
    end))
    proc:write("line\n")
    assert.same({ stdout = "line\nHUP\n", stderr = "", reason = "exit", status = 0 }, host.finish(proc))
  end)
end)

describe("The end of a host", function()
  for ending, line in pairs {
    ["its last line"] = "",
    ["os.exit"] = "os.exit(0)",
    ["os.exit that closes the Lua state"] = "os.exit(0, true)",
  } do
    it("by " .. ending .. " is not held up by handlers and waits", function()
      assert.equal("", host.output([[
        local pipe = require "pipe"
        pipe.signal.on("HUP", print)
        pipe.signal.on("CHLD", print)
        pipe.thread.spawn(pipe.signal.wait, { "TERM", "HUP" })
        pipe.thread.spawn(pipe.signal.wait, "TERM", 600000)
        pipe.spawn({ "cat" })
      ]] .. line))
    end)
  end

  it("by a signal that is not caught is what it was", function()
    local result = host.run [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      pipe.signal.on("HUP", print):stop()
      pipe.signal.on("USR1", print)
      libc.C.kill(libc.C.getpid(), 1)
    ]]
    assert.same({ "signal", 1 }, { result.reason, result.status })
  end)
end)
