-- A whole use of the library: a function that runs a command to its end, as lua-resty-shell's does. It writes the
-- command's input, reads both outputs at the same time, and waits.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local places = require "spec.places"

setup(leaks.remember)
teardown(leaks.check)

-- Returns ok, stdout, stderr, reason, status; or nil, stdout, stderr, message when the command did not end in time.
local function run(command, input, timeout)
  local proc, message = pipe.spawn(command, {
    write_timeout = timeout, stdout_read_timeout = timeout, stderr_read_timeout = timeout, wait_timeout = timeout,
  })
  if not proc then
    return nil, nil, nil, message
  end
  local writer = pipe.thread.spawn(function()
    local written, err = proc:write(input or "")
    proc:shutdown("stdin")
    return written, err
  end)
  local function reader(method)
    return pipe.thread.spawn(function()
      local all, err, partial = method(proc)
      return all or partial, err
    end)
  end
  local readers = { reader(proc.stdout_read_all), reader(proc.stderr_read_all) }
  local _, stdout, failure = pipe.thread.wait(readers[1])
  local _, stderr, other_failure = pipe.thread.wait(readers[2])
  pipe.thread.wait(writer)
  failure = failure or other_failure
  if failure then
    proc:kill("KILL")
    proc:wait()
    return nil, stdout, stderr, failure
  end
  local ok, reason, status = proc:wait()
  return ok, stdout, stderr, reason, status
end

for _, place in ipairs(places) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  describe("A function that runs a command, in " .. place.name .. ",", function()
    case("gives both outputs and the status", function()
      assert.same({ true, "out\n", "err\n", "exit", 0 }, { run("echo out; echo err >&2") })
      assert.same({ false, "", "", "exit", 3 }, { run("exit 3") })
      assert.same({ false, "out\n", "", "signal", 15 }, { run("echo out; kill $$") })
      assert.same({ true, "a b\n", "", "exit", 0 }, { run({ "echo", "a b" }) })
    end)

    case("passes the input on", function()
      assert.same({ true, "TEXT", "", "exit", 0 }, { run("tr a-z A-Z", "text") })
    end)

    case("is not stopped by a command that reads none of its input", function()
      local ok, stdout, _, reason, status = run("echo done", ("x"):rep(1000000))
      assert.same({ true, "done\n", "exit", 0 }, { ok, stdout, reason, status })
    end)

    case("passes through more than all pipes hold, in both outputs", function()
      local input = ("0123456789abcdef"):rep(100000)
      local ok, stdout, stderr, reason = run("tee /dev/stderr", input)
      assert.same({ true, "exit" }, { ok, reason })
      assert.is_true(stdout == input)
      assert.is_true(stderr == input)
    end)

    case("ends a command that takes too long", function()
      local ok, stdout, stderr, message = run({ "sleep", "1000" }, nil, 1)
      assert.same({ "", "", "timeout" }, { stdout, stderr, message })
      assert.is_nil(ok)
    end)

    case("reports a command that cannot be started", function()
      local ok, _, _, message = run({ "no-such" })
      assert.is_nil(ok)
      assert.equal("failed to spawn 'no-such': No such file or directory", message)
    end)

    case("runs many at a time", function()
      local semaphore, threads = pipe.semaphore.new(8), {}
      for number = 1, 60 do
        threads[number] = pipe.thread.spawn(function()
          assert(semaphore:wait(60))
          local ok, stdout = run("read x; echo $((x * 2))", number .. "\n")
          semaphore:post()
          return ok, stdout
        end)
      end
      for number = 1, 60 do
        assert.same({ true, true, number * 2 .. "\n" }, { pipe.thread.wait(threads[number]) })
      end
    end)
  end)
end
