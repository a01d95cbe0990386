-- pipe.pipeline: several programs, each reading what the one before writes.
local eventually = require "spec.eventually"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local pipelines = require "spec.pipelines"
local places = require "spec.places"

setup(leaks.remember)
teardown(leaks.check)

local pipeline, cats, exits, gone = pipelines.start, pipelines.cats, pipelines.exits, pipelines.gone

for _, place in ipairs(places) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  describe("pipe.pipeline, in " .. place.name .. ",", function()
    case("passes bytes through all its stages", function()
      local p = pipeline({ { "tr", "a-z", "A-Z" }, "sed 's/^/> /'", { "tac" } })
      assert.equal(9, p:write("one\ntwo\n\n"))
      assert.is_true(p:shutdown("stdin"))
      assert.equal("> \n> TWO\n> ONE\n", p:stdout_read_all())
      local ok, results = p:wait()
      assert.is_true(ok)
      assert.equal("exit 0, exit 0, exit 0", exits(results))
    end)

    case("may have a single stage, and many", function()
      for _, count in ipairs { 1, 2, 40 } do
        local stages = {}
        for index = 1, count do
          stages[index] = { "cat" }
        end
        local p = pipeline(stages)
        p:write("text")
        p:shutdown("stdin")
        assert.equal("text", p:stdout_read_all())
        local ok, results = p:wait()
        assert.is_true(ok)
        assert.equal(count, #results)
      end
    end)

    case("passes as much as one likes", function()
      local input = ("0123456789abcdef"):rep(524288)
      local patience = { write_timeout = 600000, stdout_read_timeout = 600000, wait_timeout = 600000 }
      local p = pipeline({ { "cat" }, { "gzip", "-1" }, { "gzip", "-dc" } }, patience)
      local writer = pipe.thread.spawn(function()
        assert(p:write(input))
        p:shutdown("stdin")
      end)
      assert.is_true(p:stdout_read_all() == input)
      assert.is_true((pipe.thread.wait(writer)))
      assert.is_true((p:wait()))
    end)

    case("reads in every way that a process does", function()
      local p = pipeline({ "printf 'line\\n12345any and all'", { "cat" } })
      assert.equal("line", p:stdout_read_line())
      assert.equal("12345", p:stdout_read_bytes(5))
      assert.equal("any", p:stdout_read_any(3))
      assert.equal(" and all", p:stdout_read_all())
      assert.equal("", p:stdout_read_all())
      assert.same({ nil, "closed", "" }, { p:stdout_read_line() })
    end)

    case("gives its lines to a loop", function()
      local lines = {}
      for line in pipeline({ "printf 'b\\na\\nunfinished'", { "sort" }, { "head", "-n", "3" } }):stdout_lines() do
        lines[#lines + 1] = line
      end
      assert.same({ "a", "b", "unfinished" }, lines)
    end)

    case("is ok only if all its stages are", function()
      for index, codes in ipairs { { 3, 0, 0 }, { 0, 3, 0 }, { 0, 0, 3 } } do
        local stages = {}
        for stage, code in ipairs(codes) do
          stages[stage] = "cat >/dev/null; exit " .. code
        end
        local p = pipeline(stages, { stdin = "null" })
        local pids = p:pids()
        local ok, results = p:wait()
        assert.is_false(ok)
        assert.equal(3, #results)
        for stage, result in ipairs(results) do
          assert.same({ reason = "exit", status = stage == index and 3 or 0, pid = pids[stage] }, result)
        end
      end
    end)

    case("tells that a stage got SIGPIPE, for the next one had seen enough", function()
      local p = pipeline({ { "yes" }, { "head", "-n", "2" } })
      assert.equal("y\ny\n", p:stdout_read_all())
      local ok, results = p:wait()
      assert.is_false(ok)
      assert.equal("signal 13, exit 0", exits(results))
    end)

    case("tells its exits once", function()
      local p = pipeline({ { "true" }, { "true" } })
      assert.is_true((p:wait()))
      assert.same({ nil, "exited" }, { p:wait() })
    end)

    case("times out, and can be waited for again, with nothing lost", function()
      local p = pipeline({ "cat; exit 4", "exit 3", "kill $$" }, { wait_timeout = 1 })
      local pids = p:pids()
      libc.await_exit(pids[2])
      libc.await_exit(pids[3])
      for _ = 1, 3 do
        assert.same({ nil, "timeout" }, { p:wait() })
      end
      p:shutdown("stdin")
      libc.await_exit(pids[1])
      local ok, results = p:wait()
      assert.is_false(ok)
      assert.equal("exit 4, exit 3, signal 15", exits(results))
      assert.same({ nil, "exited" }, { p:wait() })
    end)

    case("ends in the other order, too", function()
      local p = pipeline({ "exit 3", "cat; exit 4" }, { wait_timeout = 1, stdin = "null", stderr = "null" })
      local ok, results
      repeat
        ok, results = p:wait()
      until ok ~= nil
      assert.is_false(ok)
      assert.equal("exit 3, exit 4", exits(results))
    end)

    case("is killed as a whole", function()
      local p = cats()
      assert.is_true(p:kill("TERM"))
      local ok, results = p:wait()
      assert.is_false(ok)
      assert.equal("signal 15, signal 15, signal 15", exits(results))
      assert.same({ nil, "exited" }, { p:kill("TERM") })
    end)

    case("signals those stages that live", function()
      local p = pipeline({ { "cat" }, "exit 3" })
      libc.await_exit(p:pids()[2])
      assert.is_true(p:kill(0))
      assert.is_true(p:kill(9))
      local ok, results = p:wait()
      assert.is_false(ok)
      assert.equal("signal 9, exit 3", exits(results))
    end)

    case("is terminated as a whole", function()
      local p = cats()
      local ok, results = p:terminate()
      assert.is_false(ok)
      assert.equal("signal 15, signal 15, signal 15", exits(results))
      assert.same({ nil, "exited" }, { p:wait() })
      assert.same({ nil, "exited" }, { p:terminate() })
    end)

    case("has those killed that ignore SIGTERM, after the grace", function()
      local p = pipeline({ { "cat" }, "trap '' TERM; echo ready; exec sleep 1000", { "cat" } }, { wait_timeout = 1 })
      assert.equal("ready", p:stdout_read_line())
      local ok, results = p:terminate(1)
      assert.is_false(ok)
      assert.equal("signal 15, signal 9, signal 15", exits(results))
    end)

    case("is closed as a whole", function()
      local p = cats()
      local pids = p:pids()
      assert.is_true(p:close())
      assert.is_true(p:close())
      gone(pids)
      assert.same({ nil, "exited" }, { p:wait() })
      assert.same({ nil, "exited" }, { p:kill("TERM") })
      assert.same({ nil, "exited" }, { p:terminate() })
      assert.equal("closed", (select(2, p:write("text"))))
      assert.equal("closed", (select(2, p:stdout_read_line())))
      assert.same(pids, p:pids())
    end)

    for index, stages in ipairs {
      { { "no-such" }, { "cat" }, { "cat" } },
      { { "cat" }, { "no-such" }, { "cat" } },
      { { "cat" }, { "cat" }, { "no-such" } },
      { { "no-such" } },
    } do
      case("leaves no stage running where one cannot be started (" .. index .. ")", function()
        leaks.await_children()
        local before = leaks.descriptors()
        assert.same({ nil, "failed to spawn 'no-such': No such file or directory", "ENOENT" },
          { pipe.pipeline(stages) })
        assert.is_true(eventually(function() return #leaks.children() == 0 end))
        assert.same(before, leaks.descriptors())
      end)
    end

    case("names a directory that a stage cannot enter", function()
      assert.same({ nil, "failed to enter directory '/nope': No such file or directory", "ENOENT" },
        { pipe.pipeline({ { "cat" }, { "cat", cwd = "/nope" } }) })
    end)
  end)
end
