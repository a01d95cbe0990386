-- examples/foreman.lua in a terminal, as a person uses it: colours, Ctrl-C, a window that is closed.
local foreman = require "spec.foreman"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

local project

before_each(function() project = foreman.new() end)
after_each(function() project:remove() end)

local function in_terminal(words, variables)
  return project:start(words, variables, { pty = true })
end

local CTRL_C = "\3"

local work = "; echo ready; while :; do sleep 0.02; done\n"
local polite = "exec 9>HELD 2>/dev/null; trap 'echo goodbye; exit 0' INT HUP" .. work
local stubborn = "exec 9>HELD; trap '' INT TERM HUP" .. work

-- Starts this Procfile, and waits until all of its processes, which are these many, are ready.
local function start(procfile, count, variables, ...)
  project:write("Procfile", procfile)
  local proc = in_terminal({ "start", ... }, variables)
  local lines = {}
  while count > 0 do
    local line = assert(proc:stdout_read_line())
    count = count - (line:find("ready$") and 1 or 0)
    lines[#lines + 1] = line
  end
  return proc, lines
end

describe("foreman start in a terminal", function()
  it("has a colour for each process, up to the bar", function()
    local proc, lines = start("web: " .. polite .. "worker: " .. polite, 3, nil, "-m", "web=2,worker=1")
    local colours, names = {}, {}
    for _, line in ipairs(lines) do
      local colour, name, text = line:match("^\27%[(%d+)m%d%d:%d%d:%d%d (%S+) *| \27%[0m([^\27]*)$")
      assert.is_truthy(name, line)
      assert.is_true(text == "ready" or text:find("^started with pid %d+$") == 1, text)
      assert.equal(colour, colours[name] or colour)
      colours[name] = colour
      names[colour] = name
    end
    assert.same({ "web.1", "web.2", "worker.1" },
      { names[colours["web.1"]], names[colours["web.2"]], names[colours["worker.1"]] })
    proc:write(CTRL_C)
    local _, status = foreman.rest(proc)
    assert.equal(130, status)
  end)

  it("has colours for more processes than it knows colours", function()
    local proc, lines = start("web: " .. polite, 30, nil, "-m", "web=30")
    for _, line in ipairs(lines) do
      assert.is_truthy(line:find("^\27%[%d+m%d%d:%d%d:%d%d web%.%d+ *| \27%[0m"), line)
    end
    proc:write(CTRL_C)
    foreman.rest(proc)
  end)

  it("has none with NO_COLOR, unless that is empty", function()
    local proc, lines = start("web: " .. polite, 1, { NO_COLOR = "1" })
    proc:write(CTRL_C)
    assert.is_nil((table.concat(lines) .. proc:stdout_read_all()):find("\27"))
    proc:wait()
    proc, lines = start("web: " .. polite, 1, { NO_COLOR = "" })
    assert.is_truthy(lines[1]:find("\27"))
    proc:write(CTRL_C)
    foreman.rest(proc)
  end)

  it("ends all of it in good order at Ctrl-C", function()
    local proc = start("web: " .. polite .. "worker: " .. polite, 2, nil, "-t", "1000")
    proc:write(CTRL_C)
    local said, status = foreman.rest(proc)
    assert.same({
      ["web.1"] = "goodbye\nexited with code 0\n",
      ["worker.1"] = "goodbye\nexited with code 0\n",
      system = "SIGINT received\nsending SIGINT to all processes\n",
    }, said)
    assert.equal(130, status)
    assert.is_true(project.watch:abandoned())
  end)

  it("kills after the timeout who does not go at Ctrl-C", function()
    local proc = start("web: " .. polite .. "worker: " .. stubborn, 2, nil, "-t", "0.2")
    proc:write(CTRL_C)
    local said, status = foreman.rest(proc)
    assert.equal("terminated by SIGKILL\n", said["worker.1"])
    assert.equal(130, status)
    assert.is_true(project.watch:abandoned())
  end)

  it("kills at the second Ctrl-C who does not go at the first", function()
    local proc = start("web: " .. stubborn .. "worker: " .. stubborn, 2, nil, "-t", "1000")
    proc:write(CTRL_C)
    foreman.await(proc, "system", "^sending SIGINT")
    proc:write(CTRL_C)
    local said, status = foreman.rest(proc)
    assert.equal("sending SIGKILL to all processes\n", said.system)
    assert.equal(130, status)
    assert.is_true(project.watch:abandoned())
  end)

  it("hears Ctrl-C while a process floods the screen", function()
    project:write("Procfile", "flood: exec yes\npolite: " .. polite)
    local proc = in_terminal({ "start", "-t", "1000" })
    foreman.await(proc, "polite.1", "^ready$")
    proc:write(CTRL_C)
    local shown = proc:stdout_read_all() -- without what was on its way when Ctrl-C was typed: a terminal drops that
    for _, line in ipairs { "polite.1 | \27[0mgoodbye\r\n", "flood.1  | \27[0mterminated by SIGINT\r\n" } do
      assert.is_truthy(shown:find(line, 1, true), line)
    end
    assert.same({ false, "exit", 130 }, { proc:wait() })
  end)

  it("keeps what is typed from its processes, which get the signal of Ctrl-C once", function()
    local proc, lines = start("web: read line || echo nothing to read; exec 2>/dev/null; "
      .. "trap 'echo got it; exit 0' INT" .. work, 1)
    assert.is_truthy(lines[2]:find("nothing to read"))
    proc:write("a line\n")
    assert.equal("a line", proc:stdout_read_line())
    proc:write(CTRL_C)
    local said, status = foreman.rest(proc)
    assert.same({ "got it\nexited with code 0\n", 130 }, { said["web.1"], status })
  end)

  it("ends all when the terminal is closed", function()
    project:write("Procfile", "web: " .. polite .. "worker: " .. stubborn)
    -- A shell leads the session, as in a window; when it has gone, the kernel hangs up.
    local proc = in_terminal({ "start", "-t", "0.2", through = { "sh", "-c", 'exec 9>"$FIFO"; "$@"; :', "sh" } })
    foreman.await(proc, "worker.1", "^ready$")
    proc:kill("KILL")
    assert.same({ false, "signal", 9 }, { proc:wait() })
    assert.is_true(project.watch:abandoned())
  end)
end)

describe("foreman run in a terminal", function()
  it("leaves the terminal to the command", function()
    local proc = in_terminal({ "run", "sh", "-c", "[ -t 0 ] && [ -t 1 ] && [ -t 2 ] && read line && echo got $line" })
    proc:write("text\n")
    assert.is_truthy(proc:stdout_read_all():find("got text\r\n", 1, true))
    assert.same({ true, "exit", 0 }, { proc:wait() })
  end)

  it("leaves Ctrl-C to the command, which gets it once", function()
    local proc = in_terminal({ "run", "perl", "-e",
      '$SIG{INT} = sub { $n++; print "got $n\\n" }; $| = 1; print "ready\\n"; sleep 1 while 1' })
    assert.equal("ready", proc:stdout_read_line())
    for _, answer in ipairs { "got 1", "got 2" } do
      proc:write(CTRL_C)
      -- The terminal sends the signal first, and echoes then.
      assert.equal(answer, (proc:stdout_read_line():gsub("%^C", "")))
    end
    proc:kill("TERM")
    assert.same({ false, "exit", 143 }, { proc:wait() })
  end)
end)
