-- The option pty: stdin, stdout and stderr are a terminal of the child's own.
local eventually = require "spec.eventually"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local membership = require "spec.membership"
local pipe = require "pipe"
local scarce = require "spec.scarce"
local spawning = require "spec.spawning"
local terminal = require "spec.terminal"
local witness = require "spec.witness"

local on_terminal, shown = terminal.start, terminal.shown

setup(leaks.remember)
teardown(leaks.check)

describe("With pty the child", function()
  it("has a terminal at all three streams", function()
    assert.equal("terminals\n", shown("[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && echo terminals"))
    local names = shown("tty; readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2")
    local name = names:match("^(/dev/pts/%d+)\n")
    assert.equal((name .. "\n"):rep(4), names)
  end)

  it("has no other descriptor but those that were asked for", function()
    local list = "for fd in /proc/$$/fd/*; do [ -e $fd ] && printf '%s ' ${fd##*/}; done; :"
    assert.equal("0 1 2 ", shown(list))
    assert.equal("0 1 2 3 5 ", shown(list, nil, { fds = { [3] = "null", [5] = "null" } }))
  end)

  it("leads a session, whose terminal it is", function()
    local proc = on_terminal({ "cat" })
    local pid = proc:pid()
    assert.same({ group = pid, session = pid }, membership(pid))
    proc:close()
    assert.equal("text\n", shown("echo text >/dev/tty"))
    assert.equal("text\n", shown("exec </dev/null; exec >/dev/tty; echo text"))
  end)

  it("can be asked a password, as by a program that reads /dev/tty", function()
    local proc = on_terminal("printf 'Password: ' >/dev/tty; stty -echo </dev/tty; echo ready; read word </dev/tty; " ..
      "echo \"got $word\"", nil, {})
    assert.equal("Password: ready", proc:stdout_read_line())
    proc:write("secret\n")
    assert.equal("got secret", proc:stdout_read_line())
    assert.is_true((proc:wait()))
  end)

  if libc.C.geteuid() == 0 then
    it("may open it by its name, also as another user than the host", function()
      assert.equal("text\n", shown("echo text >$(tty)", nil, { uid = "nobody" }))
      assert.equal("text\n", shown("echo text >/dev/stderr", nil, { uid = "nobody" }))
    end)
  end

  it("may open it by its name", function()
    assert.equal("text\n", shown("echo text >$(tty)"))
    assert.equal("text\n", shown("echo text >/dev/stderr"))
  end)

  it("is shown lines that end in CR LF, which reading lines hides", function()
    local proc = on_terminal("echo one; echo two")
    assert.equal("one\r\ntwo\r\n", proc:stdout_read_all())
    proc = on_terminal("echo one; echo two")
    assert.equal("one", proc:stdout_read_line())
    assert.equal("two", proc:stdout_read_line())
    assert.same({ nil, "closed", "" }, { proc:stdout_read_line() })
  end)

  it("has what is typed echoed, and reads it line by line", function()
    local proc = on_terminal({ "cat" })
    assert.equal(5, proc:write("text\n"))
    assert.equal("text", proc:stdout_read_line())
    assert.equal("text", proc:stdout_read_line())
    proc:close()
  end)

  it("can switch the echo off", function()
    local proc = on_terminal("stty -echo; echo ready; exec cat")
    assert.equal("ready", proc:stdout_read_line())
    proc:write("one\n")
    assert.equal("one", proc:stdout_read_line())
    proc:write("two\n")
    assert.equal("two", proc:stdout_read_line())
    proc:close()
  end)

  it("has its stderr there too, so none can be read apart", function()
    assert.equal("out\nerr\n", shown("echo out; echo err >&2"))
    local proc = on_terminal({ "cat" })
    assert.same({ nil, "merged to stdout" }, { proc:stderr_read_all() })
    assert.same({ nil, "merged to stdout" }, { proc:stderr_read_line() })
    assert.same({ nil, "merged to stdout" }, { proc:stderr_read_bytes(1) })
    assert.same({ nil, "merged to stdout" }, { proc:stderr_read_any(1) })
    assert.same({ nil, "merged to stdout" }, { proc:shutdown("stderr") })
    proc:close()
  end)

  it("may be an interactive shell", function()
    local proc = on_terminal({ "sh", "-i" }, nil, { env = { PS1 = "> ", ENV = false } })
    assert.equal("> ", proc:stdout_read_bytes(2))
    proc:write("echo $((6 * 7))\n")
    assert.equal("echo $((6 * 7))", proc:stdout_read_line())
    assert.equal("42", proc:stdout_read_line())
    assert.equal("> ", proc:stdout_read_bytes(2))
    proc:write("exit 3\n")
    assert.equal("exit 3", proc:stdout_read_line())
    assert.same({ false, "exit", 3 }, { proc:wait() })
  end)
end)

describe("A raw terminal", function()
  local raw = "stty raw -echo; echo ready; "
  local pieces = {}
  for number = 1, 4096 do
    pieces[number] = ("%08d"):format(number):rep(31) .. "\0\1\3\4\r\n\26\28"
  end
  local megabyte = table.concat(pieces)
  assert(#megabyte == 1048576)

  it("carries a megabyte there and back, every byte", function()
    local proc = on_terminal(raw .. "exec cat")
    assert.equal("ready", proc:stdout_read_line())
    local writer = pipe.thread.spawn(function() return proc:write(megabyte) end)
    local text = proc:stdout_read_bytes(#megabyte)
    assert.is_true(text == megabyte)
    assert.same({ true, #megabyte }, { pipe.thread.wait(writer) })
    proc:close()
  end)

  it("carries a megabyte from a child that ends", function()
    local proc = on_terminal(raw .. "head -c 1048576 /dev/zero")
    assert.equal("ready", proc:stdout_read_line())
    assert.is_true(proc:stdout_read_all() == ("\0"):rep(1048576))
    assert.is_true((proc:wait()))
  end)

  it("carries a megabyte to a child that counts it", function()
    local proc = on_terminal(raw .. "head -c 1048576 | cksum")
    assert.equal("ready", proc:stdout_read_line())
    assert.equal(#megabyte, proc:write(megabyte))
    local counted = assert(pipe.spawn({ "cksum" }))
    local writer = pipe.thread.spawn(function()
      counted:write(megabyte)
      counted:shutdown("stdin")
    end)
    assert.equal(counted:stdout_read_line(), proc:stdout_read_line())
    pipe.thread.wait(writer)
    assert.is_true((proc:wait()))
    counted:wait()
  end)
end)

describe("A child on a terminal", function()
  it("keeps to its timeouts", function()
    local proc = on_terminal({ "sleep", "1000" }, nil, { stdout_read_timeout = 1, wait_timeout = 1, write_timeout = 1 })
    assert.same({ nil, "timeout", "" }, { proc:stdout_read_line() })
    assert.same({ nil, "timeout" }, { proc:wait() })
    proc:close()
  end)

  it("takes no more than a terminal holds when it does not read", function()
    local proc = on_terminal("stty raw -echo; echo ready; exec sleep 1000", nil, { write_timeout = 1 })
    assert.equal("ready", proc:stdout_read_line())
    local written, problem, count = proc:write(("x"):rep(1048576))
    assert.same({ nil, "timeout" }, { written, problem })
    assert.is_true(count > 0 and count < 1048576)
    proc:close()
  end)

  it("is killed by a signal as any other", function()
    local proc = on_terminal({ "cat" })
    assert.is_true(proc:kill("TERM"))
    assert.same({ false, "signal", 15 }, { proc:wait() })
    proc = on_terminal({ "cat" })
    assert.same({ false, "signal", 15 }, { proc:terminate() })
  end)

  it("with a process group too is killed with all its group", function()
    local watch = witness.new()
    -- Who ignores SIGHUP does not die with the session.
    local proc = on_terminal({ "sh", "-c", 'exec 9>"$1"; (trap "" HUP; echo ready; exec sleep 1000) & wait', "sh",
      watch.path }, nil, { process_group = true })
    assert.equal("ready", proc:stdout_read_line())
    assert.is_true(proc:kill("KILL"))
    assert.same({ false, "signal", 9 }, { proc:wait() })
    assert.is_true(watch:abandoned())
    watch:close()
  end)

  it("dies when it is collected or closed", function()
    local pid = on_terminal({ "sleep", "1000" }):pid()
    leaks.collect()
    assert.is_true(eventually(function() return not libc.exists(pid) end))
    local proc = on_terminal({ "sleep", "1000" })
    proc:close()
    assert.same({ nil, "closed", 0 }, { proc:write("x") })
    assert.same({ nil, "exited" }, { proc:wait() })
  end)

  it("leaves nothing behind, a hundred times over", function()
    for _ = 1, 100 do
      assert.equal("text\n", shown({ "echo", "text" }))
    end
    spawning.refused("failed to spawn 'no-such': No such file or directory", "ENOENT", { pty = true }, { "no-such" })
    spawning.refused("failed to enter directory '/no/such': No such file or directory", "ENOENT",
      { pty = true, cwd = "/no/such" })
  end)

  it("is one of many", function()
    local all = {}
    for index = 1, 30 do
      all[index] = on_terminal({ "cat" })
    end
    for index, proc in ipairs(all) do
      proc:write(index .. "\n")
    end
    for index, proc in ipairs(all) do
      assert.equal(tostring(index), proc:stdout_read_line())
      proc:close()
    end
  end)
end)

describe("A host", function()
  it("that leads a session without a terminal does not get its child's", function()
    assert.equal("none\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      libc.C.setsid()
      local proc = assert(pipe.spawn({ "cat" }, { pty = true }))
      assert(proc:write("text\n") == 5)
      assert(proc:stdout_read_line() == "text")
      local file = io.open("/dev/tty")
      print(file and "got one" or "none")
    ]])
  end)

  it("that has run out of descriptors gets EMFILE, and keeps none of a terminal's", function()
    scarce [[ { "true" }, { pty = true } ]]
    scarce [[ { "true" }, { pty = true, fds = { [3] = "null", [4] = { file = "/dev/null" } } } ]]
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when the child is to be detached, too", function()
    spawning.rejected("bad pty option: ", { pty = true, detached = true })
  end)

  it("when pty is neither true nor a table", function()
    for _, value in ipairs { 1, 0, "yes", "", print } do
      spawning.rejected("bad pty option: ", { pty = value })
    end
  end)

  it("when a stream is to be something else than the terminal", function()
    for _, name in ipairs { "stdin", "stdout", "stderr" } do
      for _, value in ipairs { "pipe", "null", "inherit", 0 } do
        spawning.rejected("bad pty option: ", { pty = true, [name] = value })
      end
    end
  end)
end)
