-- pipe.shell: lua-resty-shell's function, with its values and texts; and quoting for the shell.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local thrown_head = require "spec.thrown_head"
local witness = require "spec.witness"

setup(leaks.remember)
teardown(leaks.check)

local shell = pipe.shell

for _, place in ipairs(places) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  describe("pipe.shell.run, in " .. place.name .. ",", function()
    case("gives both outputs and the exit of a command", function()
      assert.same({ true, "yes", "he\n", "exit", 0 }, { shell.run([[perl -e 'warn "he\n"; print "yes"']]) })
      assert.same({ true, "hello, world\n", "", "exit", 0 }, { shell.run("echo 'hello, world'") })
    end)

    case("takes an array", function()
      assert.same({ true, "hello, $world\n", "", "exit", 0 }, { shell.run({ "echo", "hello, $world" }) })
    end)

    case("tells an exit code that is not 0", function()
      assert.same({ false, "yes", "he\n", "exit", 1 }, { shell.run([[perl -e 'warn "he\n"; print "yes"; exit 1']]) })
      assert.same({ false, "", "Died at -e line 1.\n", "exit", 255 }, { shell.run("perl -e die") })
    end)

    case("tells a signal", function()
      assert.same({ false, "out\n", "", "signal", 15 }, { shell.run("echo out; kill $$") })
    end)

    case("passes stdin on", function()
      assert.same({ true, "HELLO", "", "exit", 0 }, { shell.run("tr a-z A-Z", "hello") })
    end)

    case("gives an empty stdin where there is none", function()
      assert.same({ true, "", "", "exit", 0 }, { shell.run("cat") })
      assert.same({ true, "", "", "exit", 0 }, { shell.run("cat", nil, 3000) })
      assert.same({ true, "", "", "exit", 0 }, { shell.run("cat", "") })
    end)

    case("takes it for no error that a command ignores its stdin", function()
      assert.same({ true, "done\n", "", "exit", 0 }, { shell.run("echo done", ("x"):rep(1048576)) })
    end)

    case("is not deadlocked by a megabyte through cat", function()
      local megabyte = ("0123456789abcdef"):rep(65536)
      local ok, stdout, stderr, reason, status = shell.run("cat", megabyte, nil, #megabyte)
      assert.same({ true, "", "exit", 0 }, { ok, stderr, reason, status })
      assert.is_true(stdout == megabyte)
      ok, stdout, stderr = shell.run("tee /dev/stderr", megabyte, nil, #megabyte)
      assert.is_true(ok)
      assert.is_true(stdout == megabyte and stderr == megabyte)
    end)

    for stream, redirect in pairs { stdout = "", stderr = " >&2" } do
      local too_much = "failed to read " .. stream .. ": too much data"

      -- What a call returned, with `stream` as the first of the two outputs.
      local function ordered(ok, stdout, stderr, reason, status)
        if stream == "stderr" then
          stdout, stderr = stderr, stdout
        end
        return ok, stdout, stderr, reason, status
      end

      case("takes just as much as is allowed on " .. stream, function()
        assert.same({ true, "yes", "", "exit", 0 }, { ordered(shell.run("printf yes" .. redirect, nil, 60000, 3)) })
      end)

      case("says when there is more on " .. stream .. ", and gives what was read", function()
        for _, text in ipairs { "yes!", "yes!!!yes~" } do
          local ok, output, other, reason, status =
            ordered(shell.run("printf '" .. text .. "'" .. redirect, nil, 60000, 3))
          assert.same({ "", too_much }, { other, reason })
          assert.is_nil(ok)
          assert.is_nil(status)
          -- lua-resty-shell has read one byte more than the limit by then.
          assert.is_true(output == "yes" or output == "yes!", output)
        end
      end)

      case("allows 128 KiB on " .. stream .. " where nothing is said", function()
        local command = "head -c %d /dev/zero" .. redirect
        local ok, output, _, reason = ordered(shell.run(command:format(131072)))
        assert.same({ true, 131072, "exit" }, { ok, #output, reason })
        ok, output, _, reason = ordered(shell.run(command:format(131073)))
        assert.is_nil(ok)
        assert.equal(too_much, reason)
        assert.is_true(#output >= 131072)
      end)

      case("ends a command that goes on writing to " .. stream, function()
        local ok, output, _, reason = ordered(shell.run("yes" .. redirect, nil, nil, 1000))
        assert.is_nil(ok)
        assert.equal(too_much, reason)
        assert.equal(("y\n"):rep(500), output:sub(1, 1000))
      end)
    end

    case("says when the time is up", function()
      local ok, stdout, stderr, reason, status = shell.run("sleep 1000", nil, 1)
      assert.is_nil(ok)
      assert.same({ "", "", "failed to wait for process: timeout" }, { stdout, stderr, reason })
      assert.is_nil(status)
    end)

    case("never says so with a timeout of 0", function()
      assert.same({ true, "text", "", "exit", 0 }, { shell.run("cat", "text", 0) })
    end)

    case("says why a command cannot be started", function()
      local ok, stdout, stderr, reason, status = shell.run({ "no-such" })
      assert.is_nil(ok)
      assert.is_nil(stdout)
      assert.is_nil(stderr)
      assert.equal("failed to spawn: failed to spawn 'no-such': No such file or directory", reason)
      assert.is_nil(status)
    end)

    case("is not held up by a grandchild in the background", function()
      local ok, stdout, stderr, reason, status = shell.run("sleep 1000 >&2 & echo $!", nil, 60000)
      assert.same({ true, "", "exit", 0 }, { ok, stderr, reason, status })
      assert.equal(0, libc.C.kill(tonumber(stdout), libc.SIGKILL))
    end)
  end)
end

describe("pipe.shell.run", function()
  local watch
  before_each(function() watch = witness.new() end)
  after_each(function() watch:close() end)

  -- The time cannot be up before the loop makes a turn.
  it("ends the whole tree when the time is up, and gives what was read", function()
    local run = pipe.thread.spawn(shell.run, [[
      exec 9>]] .. watch.path .. [[;
      echo out
      echo err >&2
      (setsid sh -c 'echo ready >&9; sleep 1000; :' & wait) &
      wait
    ]], nil, 1)
    assert.equal("ready", watch:line())
    local results = { pipe.thread.wait(run) }
    assert.same({ true, nil, "out\n", "err\n", "failed to wait for process: timeout" }, results)
    assert.is_true(watch:abandoned())
  end)

  it("kills those of the tree that ignore SIGTERM", function()
    local run = pipe.thread.spawn(shell.run, [[
      exec 9>]] .. watch.path .. [[;
      (trap '' TERM; echo ready >&9; sleep 1000; :) &
      wait
    ]], nil, 1)
    assert.equal("ready", watch:line())
    local results = { pipe.thread.wait(run) }
    assert.same({ true, nil, "", "", "failed to wait for process: timeout" }, results)
    assert.is_true(watch:abandoned())
  end)

  it("runs many at a time", function()
    local threads = {}
    for number = 1, 40 do
      threads[number] = pipe.thread.spawn(shell.run, "read x; echo $((x * 2))", number .. "\n")
    end
    for number = 1, 40 do
      assert.same({ true, true, number * 2 .. "\n", "", "exit", 0 }, { pipe.thread.wait(threads[number]) })
    end
  end)

  it("kills the tree when its light thread is killed", function()
    local run = pipe.thread.spawn(shell.run, "exec 9>" .. watch.path .. "; echo ready >&9; sleep 1000; :")
    assert.equal("ready", watch:line_in_loop())
    assert.is_true(pipe.thread.kill(run))
    assert.is_true(watch:abandoned())
    pipe.loop.run()
  end)

  it("throws in a plain coroutine of a light thread", function()
    local th = pipe.thread.spawn(function()
      return coroutine.resume(coroutine.create(function()
        thrown_head("cannot wait in a plain coroutine of a light thread; use pipe.coroutine", shell.run, "true")
      end))
    end)
    assert.same({ true, true }, { pipe.thread.wait(th) })
  end)

  it("throws for bad arguments, at the caller's line", function()
    thrown_head("bad ", shell.run)
    thrown_head("bad ", shell.run, {})
    thrown_head("bad ", shell.run, 5)
    thrown_head("bad ", shell.run, "cat", true)
    for _, timeout in ipairs { -1, 4294967296, 0 / 0, "soon", {}, true } do
      thrown_head("bad timeout", shell.run, "cat", "", timeout)
    end
    for _, size in ipairs { -1, 0 / 0, "many", {}, true } do
      thrown_head("bad max_size", shell.run, "cat", "", 1000, size)
    end
  end)
end)

describe("pipe.shell.quote", function()
  -- What a shell makes of the words of a text: each with its end marked.
  local function words(text, environment)
    local result = assert(pipe.run("printf '%s\\n=\\n' " .. text, { env = environment }))
    assert.same({ true, "" }, { result.ok, result.stderr })
    return result.stdout
  end

  it("makes a word that a shell takes for the same bytes, all but NUL", function()
    local all = {}
    for byte = 1, 255 do
      all[byte] = string.char(byte)
      assert.equal(all[byte] .. "\n=\n", words(shell.quote(all[byte])))
    end
    all = table.concat(all)
    assert.equal(all .. "\n=\n", words(shell.quote(all)))
    assert.equal(all:reverse() .. "\n=\n", words(shell.quote(all:reverse())))
  end)

  it("does so in any locale", function()
    local text = "\228\189\160'\255\254\\'\n\192"
    for _, locale in ipairs { "C", "C.UTF-8" } do
      assert.equal(text .. "\n=\n", words(shell.quote(text), { LC_ALL = locale }))
    end
  end)

  it("makes a word of what a shell would do something with", function()
    for _, text in ipairs {
      "", " ", "'", "''", "'\\''", '"', "a b", "$HOME", "`id`", "$(id)", "*", "~", "~root", "#", "a#b", "!", "!!",
      "-n", "--", "a;b", "a&b", "a|b", "<a", ">a", "a\nb", "\n", "a\n", "\\", "a\\", "\\'",
      "{a,b}", "a=b", "=", "[a-z]", "?", "if", "é",
    } do
      assert.equal(text .. "\n=\n", words(shell.quote(text)))
    end
  end)

  it("can be used twice, for a command inside a command", function()
    local text = "it's \"$HOME\" `\\`\n"
    local inner = "printf %s " .. shell.quote(text)
    assert.equal(text, assert(pipe.run("sh -c " .. shell.quote(inner))).stdout)
    assert.same({ true, text, "", "exit", 0 }, { shell.run("eval " .. shell.quote(inner)) })
  end)

  it("joins several by a space", function()
    assert.equal("a b\n=\n\n=\nc'd\n=\n5\n=\n", words(shell.quote("a b", "", "c'd", 5)))
  end)

  it("takes numbers as Lua writes them", function()
    for _, number in ipairs { 0, 5, -1, 1.5, 1e100 } do
      assert.equal(tostring(number) .. "\n=\n", words(shell.quote(number)))
    end
  end)

  it("gives nothing for nothing", function()
    assert.equal("", shell.quote())
  end)

  it("throws for anything else, and for a NUL, at the caller's line", function()
    for _, value in ipairs { true, {}, print, "a\0b", "\0" } do
      thrown_head("bad ", shell.quote, value)
      thrown_head("bad ", shell.quote, "good", value)
    end
    thrown_head("bad ", shell.quote, nil)
    thrown_head("bad ", shell.quote, "good", nil)
    thrown_head("bad ", shell.quote, nil, "good")
  end)
end)
