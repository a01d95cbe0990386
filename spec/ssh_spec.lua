-- The same over ssh: what docs/cookbook.md says of it, against a local sshd. The recipe itself is run by
-- spec/docs_spec.lua.
local eventually = require "spec.eventually"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local sshd = require "spec.sshd"

local server
local path = os.getenv("PATH")

setup(function()
  leaks.remember()
  server = sshd.start()
  libc.C.setenv("PATH", server.path, 1)
end)

teardown(function()
  libc.C.setenv("PATH", path, 1)
  sshd.stop(server)
  leaks.check()
end)

local function remote(...)
  return { "ssh", "-o", "BatchMode=yes", "build.example", pipe.shell.quote(...) }
end

describe("A command over ssh", function()
  it("gives both outputs and its exit status to pipe.run", function()
    local res = assert(pipe.run(remote("sh", "-c", "echo out; echo err >&2; exit 3")))
    assert.same({ false, "exit", 3, "out\n", "err\n" }, { res.ok, res.reason, res.status, res.stdout, res.stderr })
    res = assert(pipe.run(remote("true")))
    assert.same({ true, "exit", 0, "", "" }, { res.ok, res.reason, res.status, res.stdout, res.stderr })
  end)

  it("gets quoted words as they are", function()
    local words = { "it's", "$HOME `id`", "", "a\nb", "\\", '"', "-n", "*", "~", "#", "\t", "\128\255", "!!" }
    local res = assert(pipe.run(remote("printf", "%s\\0", unpack(words))))
    assert.equal(table.concat(words, "\0") .. "\0", res.stdout)
  end)

  it("reads and writes more than every buffer on the way holds", function()
    local text = ("0123456789abcdef"):rep(200000)
    local res = assert(pipe.run(remote("cat"), { input = text }))
    assert.is_true(res.ok)
    assert.is_true(res.stdout == text)
  end)

  it("answers line by line", function()
    local proc = assert(pipe.spawn(remote("sh", "-c", "while read -r line; do echo \"got $line\"; done; exit 5")))
    for number = 1, 3 do
      assert(proc:write(number .. "\n"))
      assert.equal("got " .. number, proc:stdout_read_line())
    end
    proc:shutdown("stdin")
    assert.same({ false, "exit", 5 }, { proc:wait() })
  end)

  it("streams its lines", function()
    local lines = {}
    local proc = assert(pipe.spawn { "ssh", "-n", "build.example", "printf 'one\\ntwo\\nthree'" })
    for line in proc:stdout_lines() do
      lines[#lines + 1] = line
    end
    assert.same({ "one", "two", "three" }, lines)
    assert.is_true((proc:wait()))
  end)

  it("is exit status 255 when a signal has killed it", function()
    local res = assert(pipe.run { "ssh", "build.example", "kill -9 $$" })
    assert.same({ "exit", 255 }, { res.reason, res.status })
  end)

  it("is exit status 255, and the reason on stderr, where ssh itself has failed", function()
    local res = assert(pipe.run { "ssh", "-o", "BatchMode=yes", "-l", "no-such-user", "build.example", "true" })
    assert.same({ "exit", 255 }, { res.reason, res.status })
    assert.is_truthy(res.stderr:find("Permission denied", 1, true), res.stderr)
  end)
end)

describe("A timeout over ssh", function()
  -- The pid that the remote command has printed before the run was ended. Whoever needs longer for the way gets
  -- longer: what happens before the first line is not what this is about.
  local function timed_out(args)
    for _, timeout in ipairs { 1500, 6000, 24000 } do
      local res = assert(pipe.run(args, { timeout = timeout }))
      assert.is_true(res.timed_out)
      assert.is_false(res.ok)
      local pid = tonumber(res.stdout:match("^%d+"))
      if pid then
        return pid
      end
    end
    error("the remote command has printed no pid")
  end

  it("ends a remote command that has a terminal", function()
    local pid = timed_out { "ssh", "-tt", "-q", "build.example", "echo $$; exec sleep 1000" }
    assert.is_true(eventually(function() return not libc.exists(pid) end))
  end)

  it("leaves a remote command running that has none", function()
    -- Two FIFOs, because the connection is gone by then: it answers through the second what comes through the first.
    local question, answer = server.folder .. "/question", server.folder .. "/answer"
    assert.equal(0, libc.C.mkfifo(question, 384))
    assert.equal(0, libc.C.mkfifo(answer, 384))
    local command = ("echo $$; read -r line <%s; echo \"$$ $line\" >%s"):format(question, answer)
    local pid = timed_out { "ssh", "-n", "build.example", command }
    local res = assert(pipe.run(("echo alive >%s; cat %s"):format(question, answer)))
    assert.equal(pid .. " alive\n", res.stdout)
    assert.is_true(eventually(function() return not libc.exists(pid) end))
  end)

  it("ends a remote command without a terminal where the limit is set over there", function()
    local res = assert(pipe.run(remote("timeout", "-k", "2", "0.2", "sleep", "1000")))
    assert.same({ false, "exit", 124 }, { res.ok, res.reason, res.status })
  end)
end)
