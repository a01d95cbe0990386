-- The size of a terminal: the option pty, and proc:resize.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local spawning = require "spec.spawning"
local terminal = require "spec.terminal"
local thrown = require "spec.thrown"
local thrown_head = require "spec.thrown_head"

local on_terminal, shown = terminal.start, terminal.shown

local nan, infinity = 0 / 0, 1 / 0

setup(leaks.remember)
teardown(leaks.check)

describe("The size of a terminal", function()
  it("is 24 rows of 80 columns by default", function()
    assert.equal("24 80\n", shown({ "stty", "size" }))
    assert.equal("24 80\n", shown({ "stty", "size" }, {}))
  end)

  it("is what was asked for", function()
    assert.equal("50 132\n", shown({ "stty", "size" }, { rows = 50, cols = 132 }))
    assert.equal("10 80\n", shown({ "stty", "size" }, { rows = 10 }))
    assert.equal("24 200\n", shown({ "stty", "size" }, { cols = 200 }))
    assert.equal("1 65535\n", shown({ "stty", "size" }, { rows = 1, cols = 65535 }))
  end)

  -- Prints the size whenever it changes.
  local watcher = { "perl", "-e", [[
    $| = 1; $SIG{WINCH} = sub { print "now ", scalar `stty size` }; print "ready\n"; sleep 1 while 1;
  ]] }

  it("is set by proc:resize, and the child is told", function()
    local proc = on_terminal(watcher)
    assert.equal("ready", proc:stdout_read_line())
    for _, size in ipairs { { 40, 100 }, { 1, 1 }, { 65535, 65535 } } do
      assert.same({ true }, { proc:resize(size[1], size[2]) })
      assert.equal(("now %d %d"):format(size[1], size[2]), proc:stdout_read_line())
    end
    proc:close()
  end)

  it("can be set by a light thread while another reads", function()
    local proc = on_terminal(watcher)
    assert.equal("ready", proc:stdout_read_line())
    local reader = pipe.thread.spawn(function() return proc:stdout_read_line() end)
    local resizer = pipe.thread.spawn(function() return proc:resize(30, 90) end)
    assert.same({ true, true }, { pipe.thread.wait(resizer) })
    assert.same({ true, "now 30 90" }, { pipe.thread.wait(reader) })
    proc:close()
  end)

  it("is of nothing but terminals", function()
    local proc = assert(pipe.spawn({ "cat" }))
    assert.same({ nil, "not a pty" }, { proc:resize(24, 80) })
    proc:close()
  end)

  it("cannot be set when the process is closed", function()
    local proc = on_terminal({ "cat" })
    proc:close()
    assert.same({ nil, "closed" }, { proc:resize(24, 80) })
  end)

  it("must be two whole numbers from 1 to 65535", function()
    local proc = on_terminal({ "stty", "size" })
    for _, value in ipairs { 0, -1, 65536, 1.5, nan, infinity, "many", true, {} } do
      thrown_head("bad rows arg: ", proc.resize, proc, value, 80)
      thrown_head("bad cols arg: ", proc.resize, proc, 24, value)
    end
    thrown_head("bad rows arg: ", proc.resize, proc)
    thrown_head("bad cols arg: ", proc.resize, proc, 24)
    assert.equal("24 80\r\n", proc:stdout_read_all())
    thrown("not a process instance", proc.resize, {}, 24, 80)
    proc:wait()
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when a size is not a whole number from 1 to 65535", function()
    for _, name in ipairs { "rows", "cols" } do
      for _, value in ipairs { 0, -1, 65536, 1.5, nan, infinity, "many", "", true, false, {}, print } do
        spawning.rejected("bad pty option: ", { pty = { [name] = value } })
      end
    end
  end)
end)
