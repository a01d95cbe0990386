-- A host that forks: to the copy everything inherited is dead, and the host notices nothing.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

local ways = {
  ["libc"] = [[ local function fork() return libc.C.fork() end ]],
  ["luaposix"] = [[ local fork = require "posix.unistd".fork ]],
}

local start = host.exercise .. [[
  exercise()
  -- Without timeouts: some wait while the loop stands still, as long as the copy takes.
  local proc = assert(pipe.spawn({ "cat" }, { stdout_read_timeout = 0, wait_timeout = 0 }))
  local function show(...)
    local words = {}
    for index = 1, select("#", ...) do
      words[index] = tostring((select(index, ...)))
    end
    print(table.concat(words, " "))
  end
  io.stdout:flush()
]]

local script = start .. [[
  %s
  local copy = fork()
  if copy == 0 then
    %s
    io.stdout:flush()
    os.exit(0)
  end
  show(libc.reap(copy))
  assert(proc:write("text") == 4)
  show(proc:stdout_read_any(10))
  proc:kill("TERM")
  show(proc:wait())
  exercise()
]]
local parent = "exit 0\ntext\nfalse signal 15\n"

for way, fork in pairs(ways) do
  describe("A copy of a host that " .. way .. " has forked", function()
    local function output(lines)
      return host.output(script:format(fork, lines))
    end

    it("does not touch the host's children when it ends", function()
      assert.equal(parent, output(""))
    end)

    it("does not touch them when it closes its Lua state", function()
      assert.equal(parent, output("os.exit(0, true)"))
    end)

    it("has no hold on the host's children", function()
      local closed, exited = "nil closed 0\nnil closed\nnil closed\n", ("nil exited\n"):rep(6)
      assert.equal(closed .. exited .. parent, output [[
        show(proc:write("x"))
        show(select(1, proc:stdout_read_any(1)), (select(2, proc:stdout_read_any(1))))
        show(select(1, proc:stderr_read_line()), (select(2, proc:stderr_read_line())))
        show(proc:wait())
        show(proc:try_wait())
        show(proc:terminate())
        show(proc:kill("KILL"))
        show(proc:kill_tree("KILL"))
        show(pipe.wait_any({ proc }))
      ]])
    end)

    it("has no hold on the host's pipelines", function()
      assert.equal("nil exited\nnil exited\nexited\nnil closed 0\nexit 0\ntrue\n", host.output((start .. [[
        %s
        local p = assert(pipe.pipeline({ { "cat" }, { "cat" } }))
        local copy = fork()
        if copy == 0 then
          show(p:wait())
          show(p:terminate())
          show((select(2, p:kill("TERM"))))
          show(p:write("x"))
          p:close()
          io.stdout:flush()
          os.exit(0)
        end
        show(libc.reap(copy))
        p:shutdown("stdin")
        show((p:wait()))
      ]]):format(fork)))
    end)

    it("does not touch them when it closes or collects them", function()
      assert.equal("true\n" .. parent, output [[
        show(proc:close())
        proc = nil
        collectgarbage()
        collectgarbage()
      ]])
    end)

    it("can have children of its own", function()
      assert.equal("own\ntrue exit 0\n" .. parent, output [[
        local own = assert(pipe.spawn({ "echo", "own" }))
        show(own:stdout_read_line())
        show(own:wait())
        exercise()
      ]])
    end)

    it("that is killed leaves the host as it was", function()
      local expected = parent:gsub("exit 0", "signal 9")
      assert.equal(expected, output [[ libc.C.kill(libc.C.getpid(), libc.SIGKILL) ]])
    end)

    it("takes no event that the host waits for, while its own loop runs", function()
      assert.equal("true line\ntrue true exit 0\ntrue slept\nsignal 9\n", host.output((start .. [[
        %s
        local ready, tell = libc.pipe()
        local exiting, slept = assert(pipe.spawn({ "cat" }, { wait_timeout = 0 })), nil
        local reader = pipe.thread.spawn(function() return proc:stdout_read_line() end)
        local waiter = pipe.thread.spawn(function() return exiting:wait() end)
        local sleeper = pipe.thread.spawn(function()
          pipe.sleep(0.01)
          return "slept"
        end)
        local copy = fork()
        if copy == 0 then
          exercise()
          libc.C.write(tell, "!", 1)
          pipe.sleep(1000)
        end
        assert(libc.C.read(ready, ffi.new("char[1]"), 1) == 1)
        proc:write("line\n")
        exiting:shutdown("stdin")
        show(pipe.thread.wait(reader))
        show(pipe.thread.wait(waiter))
        show(pipe.thread.wait(sleeper))
        libc.C.kill(copy, libc.SIGKILL)
        show(libc.reap(copy))
      ]]):format(fork)))
    end)

    it("forgets the light threads that wait, and goes on in the one that forked", function()
      assert.equal("copy nil exited\nexit 0\ntrue nil exited\n", host.output((start .. [[
        %s
        local reader = pipe.thread.spawn(function() return proc:wait() end)
        local th = pipe.thread.spawn(function()
          pipe.sleep(0.001)
          local copy = fork()
          if copy == 0 then
            show("copy", proc:wait())
            exercise()
            assert(pipe.coroutine.status(reader) == "dead")
            io.stdout:flush()
            os.exit(0)
          end
          show(libc.reap(copy))
          proc:kill("KILL")
        end)
        pipe.thread.wait(th)
        assert(pipe.thread.wait(reader))
        show(true, proc:wait())
      ]]):format(fork)))
    end)
  end)
end
