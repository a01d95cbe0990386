-- pipe.run's on_stdout and on_stderr: the output piece by piece, to a function that may wait and may fail.
local eventually = require "spec.eventually"
local exited = require "spec.exited"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local state = require "spec.state"
local witness = require "spec.witness"

setup(leaks.remember)
teardown(leaks.check)

local watch

before_each(function() watch = witness.new() end)
after_each(function() watch:close() end)

local outputs = {
  { name = "stdout", other = "stderr", callback = "on_stdout", other_callback = "on_stderr", redirect = "" },
  { name = "stderr", other = "stdout", callback = "on_stderr", other_callback = "on_stdout",
    redirect = "exec 3>&1 1>&2 2>&3 3>&-; " },
}

for _, output in ipairs(outputs) do
  -- In these scripts descriptor 1 is the output that is tried, and 2 the other one; 9 is the witness.
  local function run(script, options)
    return pipe.run({ "sh", "-c", 'exec 9>"$1"; ' .. output.redirect .. script, "sh", watch.path }, options)
  end

  for _, place in ipairs(places) do
    local function case(name, body)
      it(name, function() place.run(body) end)
    end

    describe("pipe.run's " .. output.callback .. ", in " .. place.name .. ",", function()
      case("gets all pieces in their order, instead of the result", function()
        local pieces = {}
        local result = assert(run("seq 100000; echo other >&2", { [output.callback] = function(...)
          assert.equal(1, select("#", ...))
          pieces[#pieces + 1] = (...)
        end }))
        assert.is_true(result.ok)
        assert.is_nil(result[output.name])
        assert.equal("other\n", result[output.other])
        local expected = {}
        for number = 1, 100000 do
          expected[number] = number .. "\n"
        end
        assert.is_true(#pieces > 1)
        assert.is_true(table.concat(pieces) == table.concat(expected))
      end)

      case("is not called where nothing was written", function()
        local calls = 0
        local result = assert(run("exit 3", { [output.callback] = function() calls = calls + 1 end }))
        assert.equal(3, result.status)
        assert.equal(0, calls)
      end)

      case("gets a piece as soon as it is there", function()
        local answers, pieces = pipe.semaphore.new(), {}
        local result = assert(run("echo 1; read x; echo 2; read x; echo 3", {
          input = function()
            answers:wait(600)
            return #pieces < 3 and "go\n" or nil
          end,
          [output.callback] = function(piece)
            pieces[#pieces + 1] = piece
            answers:post()
          end,
        }))
        assert.is_true(result.ok)
        assert.same({ "1\n", "2\n", "3\n" }, pieces)
      end)

      case("may wait", function()
        local pieces = {}
        local result = assert(run("seq 1000; exit 3", { [output.callback] = function(piece)
          pipe.sleep(0)
          assert(pipe.run({ "true" }))
          pieces[#pieces + 1] = piece
        end }))
        assert.same({ false, "exit", 3 }, { result.ok, result.reason, result.status })
        assert.equal("1000", table.concat(pieces):match("(%d+)\n$"))
      end)

      case("pauses its stream while it waits: the child does not get further", function()
        -- The child says how many blocks it has written, of 64 KiB each.
        local script = [[exec perl -e '
          open my $watch, ">&=9";
          syswrite $watch, "$$\n";
          for (1 .. 100) { syswrite STDOUT, "x" x 65536; syswrite $watch, "$_\n" }
        ']]
        local pid, size, written, later = nil, 0, 0, nil
        local function count()
          watch:look()
          for line in watch.take, watch do
            written = tonumber(line)
          end
          return written
        end
        local result = assert(run(script, { [output.callback] = function(piece)
          size = size + #piece
          if pid then
            return
          end
          pid = watch:line_in_loop()
          local before, looks = 0, 0
          eventually(function()
            looks = count() == before and looks + 1 or 0
            before = written
            return looks > 10 and state(pid) == "S" or state(pid) == "Z"
          end)
          for _ = 1, 50 do
            pipe.sleep(0)
          end
          later = { before, count() }
        end }))
        assert.is_true(result.ok)
        assert.equal(100 * 65536, size)
        assert.equal(100, count())
        assert.equal(later[1], later[2])
        assert.is_true(later[1] < 100)
      end)

      case("does not pause the other stream", function()
        local other, pieces = pipe.semaphore.new(), {}
        local result = assert(run("echo first; echo other >&2; echo second", {
          [output.callback] = function(piece)
            assert.is_true((other:wait(600)))
            other:post()
            pieces[#pieces + 1] = piece
          end,
          [output.other_callback] = function() other:post() end,
        }))
        assert.is_true(result.ok)
        assert.equal("first\nsecond\n", table.concat(pieces))
      end)

      case("that throws has the whole tree killed, and its error thrown on", function()
        local broken = { "broken" }
        for _, value in ipairs { broken, "broken text", 42, false } do
          local ok, failure = pcall(run, [[
            setsid sh -c 'trap "" TERM; echo ready >&9; sleep 1000; :' >/dev/null 2>&1 &
            (sleep 1000; :) &
            echo out
            wait
          ]], { [output.callback] = function()
            watch:line_in_loop()
            error(value, 0)
          end })
          assert.is_false(ok)
          assert.equal(value, failure)
          assert.is_true(watch:abandoned())
        end
      end)

      case("that throws when the child has exited has its error thrown on all the same", function()
        local ok, failure = pcall(run, "echo $$; exit 0", { [output.callback] = function(pid)
          exited(tonumber(pid))
          pipe.sleep(0)
          error("broken", 0)
        end })
        assert.same({ false, "broken" }, { ok, failure })
      end)

      case("may run other programs, of which one fails", function()
        local inner
        local result = assert(run("echo out", { [output.callback] = function()
          inner = { pcall(pipe.run, { "echo" }, { on_stdout = function() error("inner", 0) end }) }
        end }))
        assert.is_true(result.ok)
        assert.same({ false, "inner" }, inner)
      end)
    end)
  end

  describe("pipe.run's " .. output.callback, function()
    it("gets what the child had written though a grandchild holds the pipe, however slow it is", function()
      local size, answers, grandchild, go = 0, { "go\n" }, nil, pipe.semaphore.new()
      local result = assert(run([[
        sleep 1000 &
        echo $! >&9
        echo $$ >&9
        printf first
        read line
        exec perl -e 'syswrite STDOUT, "x" x 65536'
      ]], {
        drain_timeout = 1,
        input = function()
          go:wait(600)
          go:post()
          return table.remove(answers)
        end,
        [output.callback] = function(piece)
          size = size + #piece
          if grandchild then
            return
          end
          -- The child fills the pipe, and exits. drain_timeout passes: so do other timeouts that are longer.
          go:post()
          grandchild = watch:line_in_loop()
          assert.is_true(exited(watch:line_in_loop()))
          local clock = assert(pipe.spawn({ "cat" }, { wait_timeout = 2 }))
          for _ = 1, 10 do
            assert.same({ nil, "timeout" }, { clock:wait() })
          end
          clock:close()
        end,
      }))
      assert.same({ true, 5 + 65536 }, { result.ok, size })
      assert.equal(0, libc.C.kill(tonumber(grandchild), libc.SIGKILL))
      assert.is_true(watch:abandoned())
    end)

    it("does not hold up the end of the tree while it waits", function()
      local started = pipe.thread.spawn(run, "echo out; echo ready >&9; exec sleep 1000", {
        timeout = 1, [output.callback] = function() assert.is_true(watch:abandoned()) end,
      })
      -- The loop stands still, and the time is not up, until the child has written.
      assert.equal("ready", watch:line())
      local ok, result = pipe.thread.wait(started)
      assert.same({ true, false, "signal", 15, true },
        { ok, result.ok, result.reason, result.status, result.timed_out })
    end)

    it("leaves nothing waiting behind", function()
      assert(run("seq 1000", { [output.callback] = function() pipe.sleep(0) end }))
      pcall(run, "seq 1000", { [output.callback] = function() error("broken") end })
      pipe.loop.run()
    end)
  end)
end
