-- A host that forks: to the copy everything inherited is dead, and the host notices nothing.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

describe("A forked copy of a host", function()
  local script = host.exercise .. [[
    exercise()
    local proc = assert(pipe.spawn({ "cat" }))
    local function show(...)
      local words = {}
      for index = 1, select("#", ...) do
        words[index] = tostring((select(index, ...)))
      end
      print(table.concat(words, " "))
    end
    io.stdout:flush()
    local copy = libc.C.fork()
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

  it("does not touch the host's children when it ends", function()
    assert.equal(parent, host.output(script:format("")))
  end)

  it("has no hold on the host's children", function()
    assert.equal("nil closed 0\nnil closed\nnil exited\nnil exited\n" .. parent, host.output(script:format([[
      show(proc:write("x"))
      show(select(1, proc:stdout_read_any(1)), (select(2, proc:stdout_read_any(1))))
      show(proc:wait())
      show(proc:kill("KILL"))
    ]])))
  end)

  it("does not touch them when it closes or collects them", function()
    assert.equal("true\n" .. parent, host.output(script:format([[
      show(proc:close())
      proc = nil
      collectgarbage()
      collectgarbage()
    ]])))
  end)

  it("can have children of its own", function()
    assert.equal("own\ntrue exit 0\n" .. parent, host.output(script:format([[
      local own = assert(pipe.spawn({ "echo", "own" }))
      show(own:stdout_read_line())
      show(own:wait())
      exercise()
    ]])))
  end)

  it("that is killed leaves the host as it was", function()
    local expected = parent:gsub("exit 0", "signal 9")
    assert.equal(expected, host.output(script:format([[ libc.C.kill(libc.C.getpid(), libc.SIGKILL) ]])))
  end)
end)
