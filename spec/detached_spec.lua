-- The option detached: a session of its own, and a life of its own.
local files = require "spec.files"
local host = require "spec.host"
local eventually = require "spec.eventually"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local membership = require "spec.membership"
local pipe = require "pipe"
local witness = require "spec.witness"

local ffi = require "ffi"

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

-- Two FIFOs to talk to a child that has no other tie to us: `ask` sends it a line, and returns the line it answers.
local function fifos()
  local there, back = directory .. "/there", directory .. "/back"
  local ends = {}
  for _, name in ipairs { there, back } do
    os.remove(name)
    assert.equal(0, libc.C.mkfifo(name, 384))
    -- Opened both ways, so that nobody waits for anybody.
    ends[#ends + 1] = libc.C.open(name, libc.O_RDWR + libc.O_NONBLOCK + libc.O_CLOEXEC, 0)
  end
  local self = { script = ("read word <%s; echo got $word >%s; exit 5"):format(there, back) }

  function self.ask()
    assert.equal(5, libc.C.write(ends[1], "word\n", 5))
    assert.is_true(libc.ready(ends[2]))
    local buffer = ffi.new("char[16]")
    return ffi.string(buffer, libc.C.read(ends[2], buffer, 16))
  end

  function self.close()
    libc.C.close(ends[1])
    libc.C.close(ends[2])
  end

  return self
end

describe("A detached child", function()
  it("leads a session and a group of its own", function()
    local proc = assert(pipe.spawn({ "cat" }, { detached = true }))
    local pid = proc:pid()
    assert.same({ group = pid, session = pid }, membership(pid))
    proc:close()
  end)

  it("has no terminal, not even by its name /dev/tty", function()
    local proc = host.interpret({ script = [[
      local pipe = require "pipe"
      for _, detached in ipairs { false, true } do
        print(pipe.run("exec 3<>/dev/tty", { detached = detached }).ok)
      end
    ]] }, nil, { pty = true })
    assert.equal("true", proc:stdout_read_line())
    assert.equal("false", proc:stdout_read_line())
    assert.is_true(proc:wait())
  end)

  it("is read, written, waited for and killed as any other", function()
    local proc = assert(pipe.spawn({ "cat" }, { detached = true }))
    assert.equal(4, proc:write("text"))
    assert.equal("text", proc:stdout_read_any(10))
    assert.is_true(proc:kill("TERM"))
    assert.same({ false, "signal", 15 }, { proc:wait() })

    proc = assert(pipe.spawn("exit 3", { detached = true }))
    assert.same({ false, "exit", 3 }, { proc:wait() })
    proc = assert(pipe.spawn({ "cat" }, { detached = true }))
    assert.same({ false, "signal", 15 }, { proc:terminate() })
  end)

  it("is not killed when its handle is collected, and is reaped by the loop when it ends", function()
    local talk = fifos()
    local proc = assert(pipe.spawn(talk.script, { detached = true }))
    local pid = proc:pid()
    proc = nil -- luacheck: ignore
    leaks.collect()
    pipe.sleep(0)
    assert.equal("got word\n", talk.ask())
    talk.close()
    assert.is_true(eventually(function() return not libc.exists(pid) end))
  end)

  it("is killed by proc:close, which says so", function()
    local proc = assert(pipe.spawn({ "sleep", "1000" }, { detached = true }))
    local pid = proc:pid()
    assert.is_true(proc:close())
    assert.is_true(eventually(function() return not libc.exists(pid) end))
  end)

  it("that is closed and then collected is killed all the same", function()
    local proc = assert(pipe.spawn({ "sleep", "1000" }, { detached = true }))
    local pid = proc:pid()
    proc:close()
    proc = nil -- luacheck: ignore
    leaks.collect()
    assert.is_true(eventually(function() return not libc.exists(pid) end))
  end)

  it("is killed with all its group if it has process_group too, and alone without", function()
    local watch = witness.new()
    local family = { "sh", "-c", 'exec 9>"$1"; sleep 1000 & echo $!; wait', "sh", watch.path }
    for _, ending in ipairs { "kill", "close", "terminate" } do
      local proc = assert(pipe.spawn(family, { detached = true, process_group = true }))
      assert(proc:stdout_read_line())
      proc[ending](proc, ending == "kill" and "TERM" or nil)
      assert.is_true(watch:abandoned())
    end
    local proc = assert(pipe.spawn(family, { detached = true }))
    local grandchild = tonumber(proc:stdout_read_line())
    assert.is_true(proc:kill("TERM"))
    assert.same({ false, "signal", 15 }, { proc:wait() })
    assert.is_true(watch:held())
    assert.equal(0, libc.C.kill(grandchild, libc.SIGKILL))
    assert.is_true(watch:abandoned())
    watch:close()
  end)
end)

describe("A detached child of a host that ends", function()
  setup(function() host.adopt_orphans(true) end)
  teardown(function() host.adopt_orphans(false) end)

  for ending, case in pairs {
    ["its last line"] = { "", "exit", 0 },
    ["its last line, nothing held"] = { "proc = nil; collectgarbage() collectgarbage()", "exit", 0 },
    ["os.exit"] = { "os.exit(3)", "exit", 3 },
    ["os.exit that closes the Lua state"] = { "os.exit(4, true)", "exit", 4 },
    ["an uncaught error"] = { "error('broken')", "exit", 1 },
    ["SIGTERM"] = { "require('spec.libc').C.raise(15)", "signal", 15 },
    ["SIGKILL"] = { "require('spec.libc').C.raise(9)", "signal", 9 },
  } do
    for _, streams in ipairs { "pipe", "null" } do
      it(("by %s lives on, its streams being '%s'"):format(ending, streams), function()
        local talk = fifos()
        local result = host.run(([[
          local pipe = require "pipe"
          local streams = "%s"
          local proc = assert(pipe.spawn("%s", {
            detached = true, stdin = streams, stdout = streams, stderr = streams,
          }))
          print(proc:pid())
          io.stdout:flush()
          %s
        ]]):format(streams, talk.script, case[1]))
        assert.same({ case[2], case[3] }, { result.reason, result.status })
        local pid = tonumber(result.stdout)
        assert.equal("got word\n", talk.ask())
        assert.same({ "exit", 5 }, { libc.reap(pid) })
        talk.close()
      end)
    end
  end

  it("does not keep it from ending, nor pipe.loop.run from returning", function()
    local output = host.output [[
      local pipe = require "pipe"
      local proc = assert(pipe.spawn({ "sleep", "1000" }, { detached = true }))
      print(proc:pid())
      pipe.loop.run()
    ]]
    local pid = tonumber(output)
    assert.equal(0, libc.C.kill(pid, libc.SIGTERM))
    assert.same({ "signal", libc.SIGTERM }, { libc.reap(pid) })
  end)

  it("lives on only if it is detached", function()
    local output = host.output [[
      local pipe = require "pipe"
      local one = assert(pipe.spawn({ "sleep", "1000" }, { detached = false }))
      local two = assert(pipe.spawn({ "sleep", "1000" }))
      print(one:pid())
      print(two:pid())
    ]]
    host.left_nothing(host.numbers(output))
  end)
end)

describe("detached", function()
  it("counts when it is any true value", function()
    for _, value in ipairs { true, 1, 0, "", "yes", {} } do
      local proc = assert(pipe.spawn({ "cat" }, { detached = value }))
      assert.equal(proc:pid(), membership(proc:pid()).session)
      proc:close()
    end
  end)
end)
