-- pipe.run: a program from its start to its end, with all its input and both its outputs.
local eventually = require "spec.eventually"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"

setup(leaks.remember)
teardown(leaks.check)

local everywhere = {
  places[1], places[2],
  { name = "a pipe.coroutine of a light thread", run = function(body)
    places[2].run(function() pipe.coroutine.wrap(body)() end)
  end },
  { name = "a plain coroutine of the main chunk", run = function(body) coroutine.wrap(body)() end },
}

-- Fails with what the command said.
local function output(args, options)
  local result = assert(pipe.run(args, options))
  assert.same({ reason = "exit", status = 0, stderr = "" },
    { reason = result.reason, status = result.status, stderr = result.stderr })
  assert.is_true(result.ok)
  return result.stdout
end

for _, place in ipairs(everywhere) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  describe("pipe.run, in " .. place.name .. ",", function()
    case("tells all about a program that does well", function()
      local result, message, code = pipe.run({ "sh", "-c", "echo out; echo $$ >&2" })
      assert.is_nil(message)
      assert.is_nil(code)
      assert.is_true(result.ok)
      assert.same({ "exit", 0, "out\n", result.pid .. "\n" },
        { result.reason, result.status, result.stdout, result.stderr })
      assert.is_falsy(result.timed_out)
      assert.is_falsy(result.truncated)
      assert.equal("number", type(result.rusage.utime))
      assert.equal("number", type(result.rusage.stime))
      assert.is_true(result.rusage.maxrss > 0)
    end)

    case("tells another exit code, and what was written before", function()
      local result = assert(pipe.run("echo out; echo err >&2; exit 3"))
      assert.same({ false, "exit", 3, "out\n", "err\n" },
        { result.ok, result.reason, result.status, result.stdout, result.stderr })
    end)

    case("tells a signal", function()
      local result = assert(pipe.run("echo out; kill -USR1 $$"))
      assert.same({ false, "signal", 10, "out\n", "" },
        { result.ok, result.reason, result.status, result.stdout, result.stderr })
    end)

    case("says why a program cannot be started", function()
      assert.same({ nil, "failed to spawn 'no-such': No such file or directory", "ENOENT" },
        { pipe.run({ "no-such" }) })
      assert.same({ nil, "failed to enter directory '/nope': No such file or directory", "ENOENT" },
        { pipe.run({ "true" }, { cwd = "/nope" }) })
      assert.same({ nil, "failed to open '/nope/x': No such file or directory", "ENOENT" },
        { pipe.run({ "true" }, { stdout = { file = "/nope/x" } }) })
    end)

    case("gives the program what it is to read", function()
      assert.equal("text", output({ "cat" }, { input = "text" }))
      assert.equal("", output({ "cat" }, { input = "" }))
      assert.equal("a\0b\n", output({ "cat" }, { input = "a\0b\n" }))
    end)

    case("gives it an array's strings, one after the other", function()
      assert.equal("onetwothree", output({ "cat" }, { input = { "one", "two", "", "three" } }))
      assert.equal("", output({ "cat" }, { input = {} }))
    end)

    case("gives it a function's pieces, up to nil", function()
      local pieces, calls = { "one", "two", "", "three" }, 0
      assert.equal("onetwothree", output({ "cat" }, { input = function()
        calls = calls + 1
        return pieces[calls]
      end }))
      assert.equal(5, calls)
    end)

    case("lets the function wait for its next piece", function()
      local source, number = assert(pipe.spawn({ "cat" })), 0
      assert.equal("1 2 3 ", output({ "cat" }, { input = function()
        number = number + 1
        if number <= 3 then
          source:write(number .. " \n")
          pipe.sleep(0)
          return source:stdout_read_line()
        end
      end }))
    end)

    case("passes through far more than the pipes hold", function()
      local input = ("0123456789abcdef"):rep(256 * 1024)
      assert.is_true(output({ "cat" }, { input = input }) == input)
    end)

    case("passes as much through by pieces", function()
      local block, left = ("0123456789abcdef"):rep(65536), 16
      assert.is_true(output({ "cat" }, { input = function()
        left = left - 1
        return left >= 0 and block or nil
      end }) == block:rep(16))
    end)

    case("keeps up with a program that floods both outputs, and reads nothing meanwhile", function()
      local result = assert(pipe.run({ "perl", "-e", [[
        for (1 .. 64) {
          print STDOUT "o" x 65536;
          print STDERR "e" x 65536;
        }
        local $/;
        print STDOUT length <STDIN>;
      ]] }, { input = ("x"):rep(1048576) }))
      assert.is_true(result.ok)
      assert.is_true(result.stdout == ("o"):rep(4194304) .. "1048576")
      assert.is_true(result.stderr == ("e"):rep(4194304))
    end)

    case("takes it for no error that the program ignores its input", function()
      local input = ("x"):rep(10000000)
      assert.equal("", output({ "true" }, { input = input }))
      assert.equal("done\n", output("exec <&-; echo done", { input = input }))
      assert.equal("xxxx", output({ "head", "-c", "4" }, { input = input }))
      assert.is_true(assert(pipe.run({ "false" }, { input = { input, input } })).status == 1)
    end)

    case("no longer asks for pieces when the program has closed its input", function()
      local block = ("x"):rep(65536)
      assert.equal("xxxx", output({ "head", "-c", "4" }, { input = function() return block end }))
      assert.equal("", output({ "true" }, { input = function() return "x" end }))
    end)

    case("gives an empty input where there is none", function()
      assert.equal("", output({ "cat" }))
      assert.equal("/dev/null\n", output({ "readlink", "/proc/self/fd/0" }))
      assert.equal("", output({ "cat" }, { stdin = "null" }))
    end)

    case("takes the options of spawn", function()
      assert.equal("/\n", output({ "pwd" }, { cwd = "/" }))
      assert.equal("value\n", output("echo $NAME", { env = { NAME = "value" } }))
      assert.equal("NAME=value\n", output({ "env" }, { environ = { "NAME=value" } }))
      assert.equal("0027\n", output("umask", { umask = "027" }))
      assert.equal("out\n", output("echo out", { buffer_size = 1 }))
    end)

    case("gives a merged stderr where it went", function()
      for _, options in ipairs { { merge_stderr = true }, { stderr = "stdout" } } do
        local result = assert(pipe.run("echo out; echo err >&2", options))
        assert.same({ true, "out\nerr\n" }, { result.ok, result.stdout })
        assert.is_nil(result.stderr)
      end
    end)

    case("gives no text for an output that goes elsewhere", function()
      local path = os.tmpname()
      local result = assert(pipe.run("echo out; echo err >&2", { stdout = { file = path }, stderr = "null" }))
      assert.is_true(result.ok)
      assert.is_nil(result.stdout)
      assert.is_nil(result.stderr)
      assert.equal("out\n", output({ "cat" }, { stdin = { file = path } }))
      os.remove(path)
    end)
  end)
end

describe("pipe.run", function()
  it("runs a program on a terminal of its own", function()
    local result = assert(pipe.run("test -t 0 && test -t 1 && test -t 2 && echo tty", { pty = true }))
    assert.same({ true, "tty\r\n" }, { result.ok, result.stdout })
  end)

  it("leaves the child in the host's process group, where Ctrl-C reaches it", function()
    local function group(stat)
      return stat:match("^%d+ %(.*%) %a %d+ (%d+)")
    end
    local own = assert(io.open("/proc/self/stat"))
    local expected = group(own:read("*l"))
    own:close()
    assert.equal(expected, group(output({ "cat", "/proc/self/stat" }, { timeout = 600000 })))
  end)

  it("lets other light threads go on", function()
    local other = assert(pipe.spawn({ "cat" }))
    local run = pipe.thread.spawn(function()
      return pipe.run({ "cat" }, { input = function()
        return other:stdout_read_line()
      end })
    end)
    for number = 1, 3 do
      other:write(number .. "\n")
      pipe.sleep(0)
    end
    other:shutdown("stdin")
    local ok, result = pipe.thread.wait(run)
    assert.same({ true, true, "123" }, { ok, result.ok, result.stdout })
  end)

  it("runs many at a time", function()
    local threads = {}
    for number = 1, 60 do
      threads[number] = pipe.thread.spawn(function()
        return output("read x; echo $((x * 2))", { input = number .. "\n" })
      end)
    end
    for number = 1, 60 do
      assert.same({ true, number * 2 .. "\n" }, { pipe.thread.wait(threads[number]) })
    end
  end)

  it("leaves the caller's tables as they are", function()
    local args, input, env = { "cat" }, { "a", "b" }, { NAME = "value" }
    local options = { input = input, env = env, timeout = 60000, max_output = 10 }
    assert(pipe.run(args, options))
    assert.same({ "cat" }, args)
    assert.same({ "a", "b" }, input)
    assert.same({ NAME = "value" }, env)
    assert.same({ input = input, env = env, timeout = 60000, max_output = 10 }, options)
  end)

  it("throws on what an input function throws, and kills the child", function()
    local broken = { "broken" }
    for _, first in ipairs { true, false } do
      local asked, pid = first, nil
      local ok, failure = pcall(pipe.run, { "sh", "-c", "echo $$; cat >/dev/null; sleep 1000" }, {
        on_stdout = function(line) pid = tonumber(line) end,
        input = function()
          if asked then
            eventually(function() return pid end)
            error(broken)
          end
          asked = true
          return "piece"
        end,
      })
      assert.is_false(ok)
      assert.equal(broken, failure)
      assert.is_true(eventually(function() return not libc.exists(pid) end))
    end
  end)
end)
