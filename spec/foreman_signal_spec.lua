-- examples/foreman.lua: how a run ends - by a signal, by a process that exits, by an error - and what is left: nothing.
local files = require "spec.files"
local foreman = require "spec.foreman"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local state = require "spec.state"

setup(leaks.remember)
teardown(leaks.check)

local project

before_each(function() project = foreman.new() end)
after_each(function() project:remove() end)

-- A process that says what it gets, holds the FIFO, and ends. (Its shell would tell too how its `sleep` has ended.)
local polite = "exec 9>HELD 2>/dev/null; for s in INT TERM HUP QUIT; do trap \"echo got $s; exit 0\" $s; done; "
  .. "echo ready; while :; do sleep 0.02; done\n"

-- One that cannot be ended but by KILL.
local stubborn = "exec 9>HELD; trap '' INT TERM HUP QUIT; echo ready; while :; do sleep 0.02; done\n"

local function start(procfile, ...)
  project:write("Procfile", procfile)
  return project:start({ "start", ... })
end

local function await_ready(proc, ...)
  local missing = {}
  for _, name in ipairs { ... } do
    missing[name] = true
  end
  while next(missing) do
    local name, text = foreman.parts(assert(proc:stdout_read_line()))
    if text == "ready" then
      missing[name] = nil
    end
  end
end

-- Follows it to its end, which leaves nothing: what each of them said, and the exit status.
local function rest(proc)
  local said, status = foreman.rest(proc)
  assert.equal("", proc:stderr_read_all())
  assert.is_true(project.watch:abandoned())
  return said, status
end

-- The same, when this process says and this status is all that is asked for.
local function ends(proc, status, name, text)
  local said, found = rest(proc)
  assert.same({ text, status }, { said[name], found })
end

local numbers = { INT = 2, TERM = 15, HUP = 1, QUIT = 3 }

describe("foreman start that gets a signal", function()
  for name, number in pairs(numbers) do
    it("passes it on to all, waits for their end, and exits with 128 and its number: " .. name, function()
      local proc = start("web: " .. polite .. "worker: " .. polite, "-m", "web=1,worker=2", "-t", "1000")
      await_ready(proc, "web.1", "worker.1", "worker.2")
      proc:kill(name)
      local said, status = rest(proc)
      assert.equal(("SIG%s received\nsending SIG%s to all processes\n"):format(name, name), said.system)
      for _, process in ipairs { "web.1", "worker.1", "worker.2" } do
        assert.equal(("got %s\nexited with code 0\n"):format(name), said[process])
      end
      assert.equal(128 + number, status)
    end)

    it("kills those that ignore it after the timeout: " .. name, function()
      local proc = start("web: " .. stubborn .. "worker: " .. stubborn, "-t", "0.1")
      await_ready(proc, "web.1", "worker.1")
      proc:kill(name)
      local said, status = rest(proc)
      assert.same({
        ["web.1"] = "terminated by SIGKILL\n",
        ["worker.1"] = "terminated by SIGKILL\n",
        system = "SIG" .. name .. " received\nsending SIG" .. name .. " to all processes\n"
          .. "sending SIGKILL to all processes\n",
      }, said)
      assert.equal(128 + number, status)
    end)
  end

  it("tells those that it has ended", function()
    local proc = start("web: echo ready; exec sleep 1000\n")
    await_ready(proc, "web.1")
    proc:kill("TERM")
    ends(proc, 143, "web.1", "terminated by SIGTERM\n")
  end)

  -- An orphan is in its group until somebody reaps it: here this spec does, and not an init that may never do.
  describe("and has processes that end before what they have started,", function()
    before_each(function() host.adopt_orphans(true) end)
    after_each(function() host.adopt_orphans(false) end)

    -- Starts a shell that runs another one, which takes a while to end; the pid of that one.
    local function start_two(redirection)
      local inner = "trap 'sleep 0.2; echo done >done; exit 0' TERM; echo $$ >pid; while :; do sleep 0.02; done"
      local proc = start(("web: exec 9>HELD; sh -c %s %s & until [ -s pid ]; do sleep 0.01; done; echo ready; wait\n")
        :format(pipe.shell.quote(inner), redirection), "-t", "1000")
      await_ready(proc, "web.1")
      return proc, tonumber(files.read(project:path("pid")))
    end

    for redirection, name in pairs { [""] = "has its output", [">/dev/null 2>&1"] = "is silent" } do
      it("passes it on to that, and waits for its end, when it " .. name, function()
        local proc, orphan = start_two(redirection)
        proc:kill("TERM")
        foreman.await(proc, "web.1", "^terminated by SIGTERM$")
        assert.same({ "exit", 0 }, { libc.reap(orphan) })
        ends(proc, 143, "system", nil)
        assert.equal("done\n", files.read(project:path("done")))
      end)
    end
  end)

  it("kills at once when INT comes a second time", function()
    local proc = start("web: " .. stubborn, "-t", "1000")
    await_ready(proc, "web.1")
    proc:kill("INT")
    foreman.await(proc, "system", "^sending SIGINT")
    proc:kill("INT")
    ends(proc, 130, "web.1", "terminated by SIGKILL\n")
  end)

  it("passes on another one too, and exits by the first", function()
    local proc = start("web: exec 9>HELD 2>/dev/null; trap 'echo got TERM' TERM; trap 'echo got HUP; exit 0' HUP; "
      .. "trap '' INT; echo ready; while :; do sleep 0.02; done\n", "-t", "1000")
    await_ready(proc, "web.1")
    proc:kill("TERM")
    foreman.await(proc, "web.1", "^got TERM")
    proc:kill("INT")
    foreman.await(proc, "system", "^sending SIGINT")
    proc:kill("TERM")
    foreman.await(proc, "web.1", "^got TERM")
    proc:kill("HUP")
    ends(proc, 143, "web.1", "got HUP\nexited with code 0\n")
  end)

  it("kills right after it with -t 0", function()
    local proc = start("web: " .. stubborn, "--timeout=0")
    await_ready(proc, "web.1")
    proc:kill("TERM")
    ends(proc, 143, "web.1", "terminated by SIGKILL\n")
  end)
end)

describe("foreman start, when a process exits,", function()
  local function go()
    assert(io.open(project:path("go"), "w")):close()
  end

  before_each(function() libc.C.mkfifo(project:path("go"), 384) end)

  for how, case in pairs {
    ["with 0"] = { "exit 0", 0, "exited with code 0" },
    ["with 3"] = { "exit 3", 3, "exited with code 3" },
    ["by a signal"] = { "kill -USR1 $$", 138, "terminated by SIGUSR1" },
  } do
    it("ends the others, and exits as it did: " .. how, function()
      local proc = start("first: cat go; " .. case[1] .. "\nweb: " .. polite .. "worker: " .. polite, "-t", "1000")
      await_ready(proc, "web.1", "worker.1")
      go()
      local said, status = rest(proc)
      assert.equal(case[2], status)
      assert.equal(case[3] .. "\n", said["first.1"])
      assert.equal("got TERM\nexited with code 0\n", said["web.1"])
      assert.equal("got TERM\nexited with code 0\n", said["worker.1"])
      assert.equal("sending SIGTERM to all processes\n", said.system)
    end)
  end

  it("kills the others after the timeout", function()
    local proc = start("first: cat go\nweb: " .. stubborn, "-t", "0.1")
    await_ready(proc, "web.1")
    go()
    ends(proc, 0, "web.1", "terminated by SIGKILL\n")
  end)

  it("exits as the first did, whatever comes then", function()
    local proc = start("web: cat go; exit 7\nworker: exec 9>HELD 2>/dev/null; trap 'exit 9' INT; "
      .. "trap 'echo ready' TERM; echo ready; while :; do sleep 0.02; done\n", "-t", "1000")
    await_ready(proc, "worker.1")
    go()
    await_ready(proc, "worker.1")
    proc:kill("INT")
    ends(proc, 7, "worker.1", "exited with code 9\n")
  end)

  it("kills what it has left in its group, after the timeout", function()
    local proc = start("web: exec 9>HELD; sh -c \"trap '' TERM; : >ready; while :; do sleep 0.02; done\" & "
      .. "until [ -e ready ]; do sleep 0.01; done; exit 7\n", "-t", "0.1")
    ends(proc, 7, "system", "sending SIGTERM to all processes\nsending SIGKILL to all processes\n")
  end)

  it("tells so, though what it has left floods", function()
    local proc = start("web: exec 9>HELD; yes & exit 7\n", "-t", "0.1")
    assert.equal("7", foreman.await(proc, "web.1", "^exited with code (.*)"))
    local _, status = rest(proc)
    assert.equal(7, status)
  end)

  it("is not kept by a daemon that has its output", function()
    local proc = start("web: setsid sh -c 'echo $$; : >ready; exec sleep 1000' & "
      .. "until [ -e ready ]; do sleep 0.01; done; printf unfinished; exit 7\n", "-t", "0.1")
    local pid = tonumber(foreman.await(proc, "web.1", "^%d+$"))
    local said, status = rest(proc)
    assert.equal(7, status)
    assert.equal("exited with code 7\nunfinished\n", said["web.1"])
    assert.is_truthy(state(pid):find("[^Z]"))
    libc.C.kill(pid, libc.SIGKILL)
  end)
end)

describe("foreman start ends what it has started", function()
  it("when another process cannot be started", function()
    local proc = start("web: exec 9>HELD; exec sleep 1000\nlong: " .. ("x"):rep(200000) .. "\nnever: true\n")
    local said, status = rest(proc)
    assert.equal("failed to spawn '/bin/sh': Argument list too long\n", said["long.1"])
    assert.is_nil(said["never.1"])
    assert.equal(1, status)
  end)

  it("when it fails itself", function()
    project:write("Procfile", "web: " .. stubborn .. "worker: " .. stubborn)
    local proc = project:start({ "start", script = [[
      local write = io.write
      function io.write(text)
        if text:find("ready") then
          io.write = write
          error("out of ink", 0)
        end
        return write(text)
      end ]] })
    local _, status = foreman.rest(proc)
    assert.equal(1, status)
    assert.is_truthy(proc:stderr_read_all():find("^foreman: out of ink\n"))
    assert.is_true(project.watch:abandoned())
  end)

  it("when it is killed", function()
    local proc = start("web: exec 9>HELD; echo ready; exec sleep 1000\n")
    await_ready(proc, "web.1")
    proc:kill("KILL")
    assert.same({ false, "signal", 9 }, { proc:wait() })
    assert.is_true(project.watch:abandoned())
  end)
end)

describe("foreman run", function()
  local function run(...)
    local result = project:finish({ "run", ... })
    return result.stdout, result.stderr, result.status
  end

  it("runs a command with its arguments as they are, or one word by a shell", function()
    assert.same({ "a b|$HOME|-f\n", "", 0 }, { run("printf", "%s|%s|%s\\n", "a b", "$HOME", "-f") })
    assert.same({ "1 2\n", "", 0 }, { run("A=1; echo $A 2") })
    assert.same({ "-n --\n", "", 0 }, { run("--", "printf", "%s %s\\n", "-n", "--") })
    assert.same({ "-- -f\n", "", 0 }, { run("echo", "--", "-f") })
  end)

  it("gives it its own stdin, stdout and stderr", function()
    local proc = project:start({ "run", "read line; echo got $line; echo error >&2" })
    proc:write("text\n")
    assert.same({ "got text\n", "error\n" }, { proc:stdout_read_all(), proc:stderr_read_all() })
    proc:wait()
  end)

  it("exits as the command does", function()
    assert.same({ "", "", 0 }, { run("true") })
    assert.same({ "", "", 7 }, { run("sh", "-c", "exit 7") })
    assert.same({ "", "", 137 }, { run("sh", "-c", "kill -9 $$") })
  end)

  it("exits with 127 or 126 where there is no such command, as a shell does", function()
    assert.same({ "", "foreman: failed to spawn 'no-such': No such file or directory\n", 127 }, { run("no-such", "x") })
    assert.same({ "", "foreman: failed to spawn '/': Permission denied\n", 126 }, { run("/", "x") })
  end)

  for name, number in pairs(numbers) do
    it("passes a signal on to the command: " .. name, function()
      local proc = project:start({ "run", "trap 'echo got it; exit 5' " .. name
        .. "; echo ready; while :; do sleep 0.02; done" })
      assert.equal("ready", proc:stdout_read_line())
      proc:kill(name)
      assert.equal("got it\n", proc:stdout_read_all())
      assert.same({ false, "exit", 5 }, { proc:wait() })
      proc = project:start({ "run", "echo ready; exec sleep 1000" })
      assert.equal("ready", proc:stdout_read_line())
      proc:kill(name)
      assert.same({ false, "exit", 128 + number }, { proc:wait() })
    end)
  end
end)
