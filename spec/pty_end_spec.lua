-- The end of a terminal in both directions, and what typed characters do.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local places = require "spec.places"
local terminal = require "spec.terminal"

local on_terminal = terminal.start

setup(leaks.remember)
teardown(leaks.check)

for _, place in ipairs(places) do
  describe("The end of a terminal, in " .. place.name .. ",", function()
    it("is end of file for the host when the child has ended, after all that was written", function()
      place.run(function()
        local proc = on_terminal("echo one; echo two")
        assert.equal("one\r\ntwo\r\n", proc:stdout_read_all())
        assert.equal("", proc:stdout_read_all())
        assert.same({ nil, "closed", "" }, { proc:stdout_read_any(10) })
        assert.same({ true, "exit", 0 }, { proc:wait() })
      end)
    end)

    it("comes after what the child wrote, also when it was waited for first", function()
      place.run(function()
        local proc = on_terminal("seq 100; exit 3")
        assert.same({ false, "exit", 3 }, { proc:wait() })
        local count = 0
        for _ in proc:stdout_read_all():gmatch("%d+\r\n") do
          count = count + 1
        end
        assert.equal(100, count)
        assert.equal("", proc:stdout_read_all())
      end)
    end)

    it("comes when the child closes all three, though it lives on", function()
      place.run(function()
        local reading, writing = libc.pipe()
        local proc = on_terminal("echo text; exec 0<&3 1>&3 2>&3; read line", nil, { fds = { [3] = reading } })
        libc.C.close(reading)
        assert.equal("text\r\n", proc:stdout_read_all())
        assert.same({ nil, "running" }, { proc:try_wait() })
        libc.C.close(writing)
        assert.is_false((proc:wait()))
      end)
    end)

    it("hangs nobody up who has closed all three and is about to exit", function()
      place.run(function()
        local reading, writing = libc.pipe()
        local proc = on_terminal("echo text; exec 0<&3 1>&3 2>&3; read line; exit 7", nil, { fds = { [3] = reading } })
        libc.C.close(reading)
        assert.is_true(proc:shutdown("stdin"))
        assert.equal("text\r\n", proc:stdout_read_all())
        libc.C.close(writing)
        assert.same({ false, "exit", 7 }, { proc:wait() })
      end)
    end)

    it("is end of file for the child after a shutdown of stdin", function()
      place.run(function()
        local proc = on_terminal("stty -echo; echo ready; cat; echo end")
        assert.equal("ready", proc:stdout_read_line())
        proc:write("text\n")
        assert.is_true(proc:shutdown("stdin"))
        assert.equal("text\r\nend\r\n", proc:stdout_read_all())
        assert.same({ true, "exit", 0 }, { proc:wait() })
      end)
    end)

    it("comes after an unfinished line too", function()
      place.run(function()
        local proc = on_terminal("stty -echo; echo ready; cat; echo end")
        assert.equal("ready", proc:stdout_read_line())
        proc:write("text")
        assert.is_true(proc:shutdown("stdin"))
        assert.equal("textend\r\n", proc:stdout_read_all())
        assert.same({ true, "exit", 0 }, { proc:wait() })
      end)
    end)

    it("can be asked for twice, and nothing can be written then", function()
      place.run(function()
        local proc = on_terminal("stty -echo; echo ready; read line; read line; echo got $line")
        assert.equal("ready", proc:stdout_read_line())
        assert.is_true(proc:shutdown("stdin"))
        assert.is_true(proc:shutdown("stdin"))
        assert.same({ nil, "closed", 0 }, { proc:write("text\n") })
        proc:close()
      end)
    end)
  end)
end

describe("The characters of a terminal:", function()
  local ready = "echo ready; exec sleep 1000"

  for name, case in pairs { ["ctrl-C"] = { "\3", 2 }, ["ctrl-\\"] = { "\28", 3 } } do
    it(name .. " that is typed kills the child by a signal", function()
      local proc = on_terminal(ready, nil, { rlimits = { core = 0 } })
      assert.equal("ready", proc:stdout_read_line())
      assert.equal(1, proc:write(case[1]))
      assert.same({ false, "signal", case[2] }, { proc:wait() })
    end)
  end

  it("ctrl-C reaches all that is in the foreground", function()
    -- It is the shell's child that is ready: the shell itself waits for it by then.
    local proc = on_terminal("trap 'echo interrupted; exit 4' INT; sh -c 'echo ready; exec sleep 1000'")
    assert.equal("ready", proc:stdout_read_line())
    proc:write("\3")
    assert.is_truthy(proc:stdout_read_all():find("interrupted", 1, true))
    assert.same({ false, "exit", 4 }, { proc:wait() })
  end)

  it("ctrl-D that is typed is an end of file", function()
    local proc = on_terminal({ "cat" })
    proc:write("\4")
    assert.same({ true, "exit", 0 }, { proc:wait() })
  end)

  it("the one for end of file may be another, and shutdown types that one", function()
    local proc = on_terminal("stty -echo eof ^A; echo ready; exec cat")
    assert.equal("ready", proc:stdout_read_line())
    proc:write("x\n")
    assert.equal("x", proc:stdout_read_line())
    assert.is_true(proc:shutdown("stdin"))
    assert.same({ true, "exit", 0 }, { proc:wait() })
  end)
end)
