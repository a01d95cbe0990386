-- How a read ends without its result: timeout, abort, another reader, a shutdown, a killed thread; and what becomes
-- of the bytes that had come.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local streams = require "spec.streams"

setup(leaks.remember)
teardown(leaks.check)

-- The reads that wait for more than "part", and what they take of it meanwhile.
local waiting = {
  { kind = "read_all" },
  { kind = "read_line" },
  { kind = "read_bytes", length = 5 },
}

for _, stream in ipairs(streams) do
  for _, place in ipairs(places) do
    local function case(name, body)
      it(name, function() place.run(body) end)
    end

    describe("From " .. place.name .. ", a read of " .. stream.name, function()
      case("that times out gives what had come, and the next goes on after it", function()
        for _, read in ipairs(waiting) do
          local proc = stream.holding("part")
          stream.set_timeout(proc, 1)
          assert.same({ nil, "timeout", "part" }, { stream[read.kind](proc, read.length) })
          assert.same({ nil, "timeout", "" }, { stream[read.kind](proc, read.length) })
          stream.set_timeout(proc, 10000)
          proc:write("rest\n")
          assert.equal("rest", stream.read_line(proc))
        end
      end)

      case("that times out with nothing gives an empty string", function()
        local proc = stream.cat({ [stream.timeout] = 1 })
        assert.same({ nil, "timeout", "" }, { stream.read_all(proc) })
        assert.same({ nil, "timeout", "" }, { stream.read_line(proc) })
        assert.same({ nil, "timeout", "" }, { stream.read_bytes(proc, 3) })
        assert.same({ nil, "timeout", "" }, { stream.read_any(proc, 3) })
      end)

      case("can keep a CR in what had come by a timeout", function()
        local proc = stream.holding("text\r")
        stream.set_timeout(proc, 1)
        assert.same({ nil, "timeout", "text\r" }, { stream.read_line(proc) })
        stream.set_timeout(proc, 10000)
        proc:write("\n")
        assert.equal("", stream.read_line(proc))
      end)

      case("is busy while another thread reads", function()
        for _, read in ipairs(waiting) do
          local proc = stream.holding("part")
          local reader = pipe.thread.spawn(function() return stream[read.kind](proc, read.length) end)
          assert.same({ nil, "pipe busy reading" }, { stream.read_all(proc) })
          assert.same({ nil, "pipe busy reading" }, { stream.read_line(proc) })
          assert.same({ nil, "pipe busy reading" }, { stream.read_bytes(proc, 1) })
          assert.same({ nil, "pipe busy reading" }, { stream.read_any(proc, 1) })
          proc:shutdown("stdin")
          if read.kind == "read_all" then
            assert.same({ true, "part" }, { pipe.thread.wait(reader) })
          else
            assert.same({ true, nil, "closed", "part" }, { pipe.thread.wait(reader) })
          end
        end
      end)

      case("does not keep another stream busy", function()
        local proc = stream.cat()
        local reader = pipe.thread.spawn(function() return stream.read_any(proc, 10) end)
        local other = pipe.thread.spawn(function() return proc[stream.other .. "_read_all"](proc) end)
        assert.equal(4, proc:write("text"))
        assert.same({ true, "text" }, { pipe.thread.wait(reader) })
        proc:shutdown("stdin")
        assert.same({ true, "" }, { pipe.thread.wait(other) })
      end)

      case("that is aborted by a shutdown gives what had come", function()
        for _, read in ipairs(waiting) do
          local proc = stream.holding("part")
          local reader = pipe.thread.spawn(function() return stream[read.kind](proc, read.length) end)
          assert.is_true(proc:shutdown(stream.name))
          assert.same({ true, nil, "aborted", "part" }, { pipe.thread.wait(reader) })
        end
        local proc = stream.cat()
        local reader = pipe.thread.spawn(function() return stream.read_any(proc, 1) end)
        assert.is_true(proc:shutdown(stream.name))
        assert.same({ true, nil, "aborted", "" }, { pipe.thread.wait(reader) })
      end)

      case("after a shutdown finds it closed", function()
        local proc = stream.holding("unread")
        assert.is_true(proc:shutdown(stream.name))
        for _ = 1, 2 do
          assert.same({ nil, "closed" }, { stream.read_all(proc) })
          assert.same({ nil, "closed" }, { stream.read_line(proc) })
          assert.same({ nil, "closed" }, { stream.read_bytes(proc, 1) })
          assert.same({ nil, "closed" }, { stream.read_any(proc, 1) })
        end
      end)

      case("whose thread is killed consumes nothing", function()
        for _, read in ipairs(waiting) do
          local proc = stream.holding("part")
          local reader = pipe.thread.spawn(function() return stream[read.kind](proc, read.length) end)
          assert.is_true(pipe.thread.kill(reader))
          proc:write("y\n")
          assert.equal("party", stream.read_line(proc))
        end
      end)

      case("whose thread is killed when its result is there already consumes nothing", function()
        -- Both children have written before the loop turns again, the killer's first: so its read ends first, and
        -- the other one has ended, too, when it is cancelled.
        local first, second = stream.sh("read line; echo go"), stream.sh("read line; echo kept")
        local reader
        local killer = pipe.thread.spawn(function()
          assert.equal("go", stream.read_line(first))
          return pipe.thread.kill(reader)
        end)
        reader = pipe.thread.spawn(function() return stream.read_line(second) end)
        pipe.sleep(0)
        for _, proc in ipairs { first, second } do
          proc:write("\n")
          libc.await_exit(proc:pid())
        end
        assert.same({ true, true }, { pipe.thread.wait(killer) })
        assert.equal("kept", stream.read_line(second))
      end)
    end)
  end
end
