-- A forked copy of a host that catches signals: in there they do what they did before, and pipe.signal begins anew.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

local prelude = [[
  local ffi = require "ffi"
  local libc = require "spec.libc"
  local pipe = require "pipe"
  ffi.cdef "long syscall(long number, long a, long b, long c, long d, long e)"
  local CLONE = jit.arch == "x64" and 56 or 220
  local copy = ({
    fork = function() return libc.C.fork() end,
    clone = function() return tonumber(ffi.C.syscall(CLONE, libc.SIGCHLD, 0, 0, 0, 0)) end,
  }).%s
  local umask = ffi.cast("void *", libc.C.umask)
  libc.C.umask(0)
  -- To the process that runs here, not as pipe.signal.kill() would: that looks at the loop first.
  local function raise(number)
    libc.C.kill(libc.C.getpid(), number)
  end
  local function in_copy(body)
    io.stdout:flush()
    local pid = copy()
    if pid == 0 then
      body()
      io.stdout:flush()
      libc.C._exit(7)
    end
    print(libc.reap(pid))
  end
]]

for _, way in ipairs { "fork", "clone" } do
  describe("In a copy of the host by " .. way .. "(2), a signal that the host catches", function()
    local function output(script)
      return host.output(prelude:format(way) .. script)
    end

    it("ends it, if it did so before", function()
      assert.equal("signal\t15\nsignal\t10\nTERM\n", output [[
        local handle = pipe.signal.on("TERM", print)
        pipe.signal.wait("USR1", 1)
        in_copy(function() raise(15) end)
        in_copy(function() raise(10) end)
        raise(15)
        pipe.sleep(0)
        pipe.loop.run()
      ]])
    end)

    it("does not reach the host", function()
      assert.equal("exit\t7\nnil\ttimeout\n", output [[
        libc.C.signal(10, umask)
        pipe.signal.wait("USR1", 1)
        in_copy(function() raise(10) end)
        print(pipe.signal.wait("USR1", 1))
      ]])
    end)

    it("is ignored there, if it was ignored before", function()
      assert.equal("exit\t7\nHUP\n", output [[
        libc.C.signal(1, libc.SIG_IGN)
        pipe.signal.wait("HUP", 1)
        in_copy(function() raise(1) end)
        raise(1)
        print((pipe.signal.wait("HUP")))
      ]])
    end)

    it("is handled there by the host's handler, if there was one", function()
      assert.equal("10\nexit\t7\n0\n", output [[
        libc.C.signal(10, umask)
        pipe.signal.on("USR1", function() end)
        in_copy(function()
          raise(10)
          print(libc.C.umask(0))
        end)
        print(libc.C.umask(0))
      ]])
    end)

    it("may be caught there anew", function()
      assert.equal("USR1\ntrue\nHUP\nsignal\t15\nUSR1\nTERM\n", output [[
        local log = {}
        local handle = pipe.signal.on("TERM", function(name) log[#log + 1] = name end)
        pipe.signal.wait("USR1", 1)
        in_copy(function()
          pipe.signal.wait("USR1", 1)
          raise(10)
          print((pipe.signal.wait("USR1")))
          print(handle:stop()) -- the parent's
          pipe.signal.on("HUP", print)
          raise(1)
          pipe.sleep(0)
          pipe.loop.run()
          io.stdout:flush()
          raise(15)
        end)
        raise(10)
        print((pipe.signal.wait("USR1")))
        raise(15)
        pipe.sleep(0)
        pipe.loop.run()
        print(unpack(log))
      ]])
    end)

    it("and that was remembered or queued, is not told there", function()
      assert.equal("nil\ttimeout\nexit\t7\nHUP\tUSR1\n", output [[
        local log = {}
        pipe.signal.on("HUP", function(name) log[#log + 1] = name end)
        pipe.signal.wait("USR1", 1)
        raise(1)
        raise(10)
        in_copy(function()
          print(pipe.signal.wait("USR1", 1))
          pipe.sleep(0)
          pipe.loop.run()
          assert(#log == 0)
        end)
        print(pipe.signal.wait("HUP", 1) or log[1], (pipe.signal.wait("USR1")))
      ]])
    end)
  end)

  describe("A copy of the host by " .. way .. "(2)", function()
    it("that is made while others wait for signals, waits for none of them", function()
      assert.equal("nil\taborted\nexit\t7\nHUP\tHUP\n", host.output(prelude:format(way) .. [[
        local threads, copied = {}, false
        local waiter = pipe.thread.spawn(pipe.signal.wait, "HUP")
        pipe.thread.spawn(function()
          pipe.sleep(0)
          local pid = copy()
          if pid == 0 then
            copied = true
            return
          end
          print(libc.reap(pid))
          io.stdout:flush()
          raise(1)
        end)
        local name, err = pipe.signal.wait("HUP")
        if copied then
          print(name, err)
          io.stdout:flush()
          libc.C._exit(7)
        end
        print(name, (select(2, pipe.thread.wait(waiter))))
      ]]))
    end)

    it("and the children that it starts have default handlers", function()
      assert.equal("signal\t15\nexit\t7\n", host.output(prelude:format(way) .. [[
        pipe.signal.on("TERM", print)
        in_copy(function()
          pipe.signal.on("TERM", print)
          local proc = assert(pipe.spawn({ "cat" }))
          proc:kill("TERM")
          print(select(2, proc:wait()))
        end)
      ]]))
    end)
  end)
end
