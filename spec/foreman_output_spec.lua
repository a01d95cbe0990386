-- examples/foreman.lua: what the processes write, as it shows it.
local foreman = require "spec.foreman"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local state = require "spec.state"

setup(leaks.remember)
teardown(leaks.check)

local project

before_each(function() project = foreman.new() end)
after_each(function() project:remove() end)

-- Starts this Procfile, and follows it to its end: what each said.
local function said(procfile, ...)
  project:write("Procfile", procfile)
  return foreman.rest(project:start({ "start", ... }))
end

describe("foreman start shows", function()
  it("each line with the time, the name and a bar, in columns, and without colours", function()
    project:write("Procfile", "web: exec sleep 1000\nlong-name: echo text; exec sleep 1000\n")
    local proc = project:start({ "start", "-m", "web=1,long-name=10" })
    local pattern = "^%d%d:%d%d:%d%d ([%w.-]+) *()| "
    local names, column = {}, nil
    repeat
      local line = assert(proc:stdout_read_line())
      local name, bar = line:match(pattern)
      column = column or bar
      assert.equal(column, bar, line)
      names[name] = true
    until line:find("long-name.10 | text", 1, true)
    assert.equal(#"00:00:00 long-name.10 ", column - 1)
    assert.is_true(names["web.1"] and names["long-name.1"] and names["long-name.9"])
    proc:kill("TERM")
    local line = assert(proc:stdout_read_line())
    while not line:find("system") do
      line = assert(proc:stdout_read_line())
    end
    assert.same({ "system", column }, { line:match(pattern) })
    assert.is_nil((proc:stdout_read_all() .. proc:stderr_read_all()):find("\27"))
    proc:wait()
  end)

  it("names as long as they are", function()
    local name = ("n"):rep(200)
    assert.is_truthy(said(name .. ": echo text\n")[name .. ".1"]:find("\ntext\nexited with code 0\n$"))
  end)

  it("stdout and stderr, on its stdout", function()
    project:write("Procfile", "web: echo out; echo err >&2; exec sleep 1000\n")
    local proc = project:start({ "start" })
    local both = { [foreman.await(proc, "web.1", "^[oe].*")] = true, [foreman.await(proc, "web.1", "^[oe].*")] = true }
    assert.same({ out = true, err = true }, both)
    proc:kill("TERM")
    foreman.rest(proc)
    assert.equal("", proc:stderr_read_all())
  end)

  it("a line that comes in pieces as one line, and others between the pieces", function()
    libc.C.mkfifo(project:path("begun"), 384)
    libc.C.mkfifo(project:path("go"), 384)
    project:write("Procfile", table.concat({
      "slow: printf 'one '; : >begun; cat go; printf 'two '; printf 'three\\n'; exec sleep 1000",
      "quick: cat begun; echo between; exec sleep 1000",
    }, "\n"))
    local proc = project:start({ "start" })
    foreman.await(proc, "quick.1", "^between$")
    local go = assert(io.open(project:path("go"), "w"))
    go:close()
    assert.equal("one two three", foreman.await(proc, "slow.1", "^[ot].*"))
    proc:kill("TERM")
    foreman.rest(proc)
  end)

  it("two outputs of one process that begin a line at the same time as two lines", function()
    local lines = said("web: printf one; printf ONE >&2; printf ' two\\n'; printf ' TWO\\n' >&2\n")["web.1"]
    assert.is_truthy(lines:find("\none two\n"), lines)
    assert.is_truthy(lines:find("\nONE TWO\n"), lines)
  end)

  it("a last line without an end as a line, before the exit is told", function()
    assert.is_truthy(said("web: printf 'one\\ntwo'")["web.1"]:find("^[^\n]+\none\ntwo\nexited with code 0\n$"))
  end)

  it("bytes as they are", function()
    local bytes = {}
    for byte = 0, 255 do
      bytes[#bytes + 1] = byte ~= 10 and string.char(byte) or nil
    end
    local text = table.concat(bytes) .. "\r\n\n%0%1\27[31mred\n"
    project:write("bytes", text)
    project:write("Procfile", "web: cat bytes\n")
    local result = project:finish({ "start" })
    local shown = {}
    for line in result.stdout:gmatch("%d%d:%d%d:%d%d web%.1  | ([^\n]*\n)") do
      shown[#shown + 1] = line
    end
    assert.is_truthy(shown[1]:find("^started with pid"))
    assert.equal("exited with code 0\n", shown[#shown])
    assert.equal(text, table.concat(shown, "", 2, #shown - 1))
  end)

  it("a very long line as one line, unless its process never ends it", function()
    local function line_of(count)
      return ("web: head -c %d /dev/zero | tr '\\0' x; echo; echo end\n"):format(count)
    end
    assert.is_truthy(said(line_of(1000000))["web.1"]:find("\n" .. ("x"):rep(1000000) .. "\nend\n", 1, true))
    local first, second = said(line_of(20000000))["web.1"]:match("\n(x+)\n(x+)\nend\n")
    assert.equal(20000000, #first + #second)
  end)

  it("all that was written by a process that has ended", function()
    local lines = said("web: seq 30000; exit 3\n")["web.1"]
    local expected = {}
    for number = 1, 30000 do
      expected[number] = number
    end
    assert.is_truthy(lines:find("\n" .. table.concat(expected, "\n") .. "\n", 1, true))
  end)
end)

describe("foreman start, while a process floods,", function()
  local procfile = table.concat({
    "flood: exec yes",
    "polite: trap 'echo goodbye; exit' INT; echo ready; while :; do sleep 0.02; done",
    "silent: exec cat /dev/zero",
  }, "\n")

  local ENOUGH = 1e8 -- bytes: the bound of a failing spec

  -- Reads in small pieces until `text` has been shown, so that the flood is ahead of its reader all the time.
  local function await(proc, text)
    local tail, read = "", 0
    repeat
      local bytes = assert(proc:stdout_read_any(1024))
      tail = tail:sub(-200) .. bytes
      read = read + #bytes
      assert.is_true(read < ENOUGH)
    until tail:find(text, 1, true)
  end

  -- All that is shown up to the end, which comes by INT.
  local function rest(proc)
    local pieces, read = {}, 0
    for bytes in function() return (proc:stdout_read_any(1024)) end do
      pieces[#pieces + 1] = bytes
      read = read + #bytes
      assert.is_true(read < ENOUGH)
    end
    assert.same({ false, "exit", 130 }, { proc:wait() })
    return table.concat(pieces)
  end

  local function start()
    project:write("Procfile", procfile)
    local proc = project:start({ "start", "-t", "1000" })
    await(proc, "polite.1 | ready")
    await(proc, "flood.1  | y\n") -- a machine that is busy may have started it last
    return proc
  end

  it("shows the others, and hears a signal", function()
    local proc = start()
    proc:kill("INT")
    local shown = rest(proc)
    for _, line in ipairs { "polite.1 | goodbye\n", "flood.1  | terminated by SIGINT\n" } do
      assert.is_truthy(shown:find(line, 1, true), line)
    end
  end)

  it("stands still while nobody reads it, and hears a signal when somebody goes on", function()
    local proc = start()
    proc:kill("INT")
    local now
    repeat
      now = state(proc:pid())
      assert.not_equal("Z", now)
    until now == "S"
    assert.is_truthy(rest(proc):find("system   | SIGINT received\n", 1, true))
  end)

  it("ends all when nobody reads it any more", function()
    project:write("Procfile", "flood: exec 9>HELD; exec yes\npolite: exec 9>HELD; trap 'echo bye' TERM; echo ready; " ..
      "while :; do sleep 0.02; done\n")
    local proc = project:start({ "start", "-t", "0.1" })
    await(proc, "polite.1 | ready")
    proc:shutdown("stdout")
    assert.same({ false, "exit", 141 }, { proc:wait() })
    assert.equal("", proc:stderr_read_all())
    assert.is_true(project.watch:abandoned())
  end)
end)
