-- The four reads, on both outputs, from the main chunk and from light threads.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local places = require "spec.places"
local streams = require "spec.streams"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local nan, infinity = 0 / 0, 1 / 0

for _, stream in ipairs(streams) do
  for _, place in ipairs(places) do
    -- A case that runs in this place.
    local function case(name, body)
      it(name, function() place.run(body) end)
    end

    describe("From " .. place.name .. ", " .. stream.name .. "_read_all", function()
      case("gives everything up to end of file", function()
        local proc = stream.sh("echo one; echo two; printf three")
        assert.equal("one\ntwo\nthree", stream.read_all(proc))
      end)

      case("gives an empty string at end of file, always", function()
        local proc = stream.sh("")
        assert.equal("", stream.read_all(proc))
        assert.equal("", stream.read_all(proc))
        proc:wait()
        assert.equal("", stream.read_all(proc))
      end)

      case("gives what the child wrote also after wait", function()
        local proc = stream.sh("echo unread")
        assert.is_true((proc:wait()))
        assert.equal("unread\n", stream.read_all(proc))
        assert.equal("", stream.read_all(proc))
      end)

      case("goes on after another read", function()
        local proc = stream.sh("echo one; echo two; echo three")
        assert.equal("one", stream.read_line(proc))
        assert.equal("two\nthree\n", stream.read_all(proc))
      end)

      case("reads more than the pipe holds", function()
        local proc = stream.sh("exec head -c 1000000 /dev/zero")
        assert.equal(("\0"):rep(1000000), stream.read_all(proc))
      end)

      case("ends where the child closes its output, though it lives", function()
        local proc = stream.sh("printf text; exec >&- 2>&-; read line")
        assert.equal("text", stream.read_all(proc))
        assert.same({ nil, "running" }, { proc:try_wait() })
      end)
    end)

    describe("From " .. place.name .. ", " .. stream.name .. "_read_line", function()
      case("gives one line after the other", function()
        local proc = stream.sh("echo one; echo; echo three")
        assert.same({ "one" }, { stream.read_line(proc) })
        assert.same({ "" }, { stream.read_line(proc) })
        assert.same({ "three" }, { stream.read_line(proc) })
        assert.same({ nil, "closed", "" }, { stream.read_line(proc) })
      end)

      case("fails with what had come when the last line has no end", function()
        local proc = stream.sh("printf 'one\\ntwo'")
        assert.equal("one", stream.read_line(proc))
        assert.same({ nil, "closed", "two" }, { stream.read_line(proc) })
        assert.same({ nil, "closed", "" }, { stream.read_line(proc) })
      end)

      case("drops a CR right before the LF, and no other", function()
        local proc = stream.sh([[printf 'dos\r\n\r\n\r\r\na\rb\r\rc\r\n\rd\n']])
        assert.equal("dos", stream.read_line(proc))
        assert.equal("", stream.read_line(proc))
        assert.equal("\r", stream.read_line(proc))
        assert.equal("a\rb\r\rc", stream.read_line(proc))
        assert.equal("\rd", stream.read_line(proc))
      end)

      case("keeps a CR that end of file follows", function()
        local proc = stream.sh([[printf 'text\r']])
        assert.same({ nil, "closed", "text\r" }, { stream.read_line(proc) })
      end)

      case("finds a line end that comes in pieces", function()
        local proc = stream.holding("text\r")
        local reader = pipe.thread.spawn(function() return stream.read_line(proc) end)
        proc:write("\nnext\n")
        assert.same({ true, "text" }, { pipe.thread.wait(reader) })
        assert.equal("next", stream.read_line(proc))
      end)

      case("waits for the rest of a line", function()
        local proc = stream.holding("one ")
        local reader = pipe.thread.spawn(function() return stream.read_line(proc) end)
        proc:write("line\nand")
        assert.same({ true, "one line" }, { pipe.thread.wait(reader) })
        assert.equal("and", stream.read_any(proc, 10))
      end)

      case("reads lines of any length with a buffer of any size", function()
        local lines = {}
        for length = 0, 40 do
          lines[length + 1] = ("x"):rep(length * length)
        end
        for _, size in ipairs { 1, 2, 3, 7, 64, 4096, 1000000 } do
          local proc = stream.cat({ buffer_size = size })
          local writer = pipe.thread.spawn(function()
            proc:write(table.concat(lines, "\n") .. "\n")
            proc:shutdown("stdin")
          end)
          for _, line in ipairs(lines) do
            assert.equal(line, stream.read_line(proc))
          end
          assert.same({ nil, "closed", "" }, { stream.read_line(proc) })
          pipe.thread.wait(writer)
        end
      end)
    end)

    describe("From " .. place.name .. ", " .. stream.name .. "_read_bytes", function()
      case("gives exactly so many bytes", function()
        local proc = stream.sh("printf 'one\\ntwo\\r\\n'")
        assert.equal("on", stream.read_bytes(proc, 2))
        assert.equal("e\nt", stream.read_bytes(proc, 3))
        assert.equal("wo\r\n", stream.read_bytes(proc, 4))
      end)

      case("waits for the last of them", function()
        local proc = stream.holding("four")
        local reader = pipe.thread.spawn(function() return stream.read_bytes(proc, 6) end)
        proc:write("teen")
        assert.same({ true, "fourte" }, { pipe.thread.wait(reader) })
        assert.equal("en", stream.read_bytes(proc, 2))
      end)

      case("gives more than the pipe holds", function()
        local proc = stream.sh("exec head -c 1000000 /dev/zero", { buffer_size = 1 })
        assert.equal(("\0"):rep(999999), stream.read_bytes(proc, 999999))
        assert.same({ nil, "closed", "\0" }, { stream.read_bytes(proc, 2) })
      end)

      case("fails with what had come when there are fewer", function()
        local proc = stream.sh("printf text")
        assert.same({ nil, "closed", "text" }, { stream.read_bytes(proc, 5) })
        assert.same({ nil, "closed", "" }, { stream.read_bytes(proc, 1) })
      end)

      case("gives an empty string for 0, whatever else there is", function()
        local proc = stream.cat()
        assert.equal("", stream.read_bytes(proc, 0))
        local reader = pipe.thread.spawn(function() return stream.read_all(proc) end)
        assert.equal("", stream.read_bytes(proc, 0))
        proc:shutdown("stdin")
        assert.same({ true, "" }, { pipe.thread.wait(reader) })
        assert.equal("", stream.read_bytes(proc, 0))
        proc:shutdown(stream.name)
        assert.equal("", stream.read_bytes(proc, 0))
      end)

      case("refuses at once what no string can hold, and the data stays", function()
        local proc = stream.holding("data")
        for _, length in ipairs { 2 ^ 31, 2 ^ 40, 2 ^ 53, 1e300 } do
          assert.same({ nil, "too much data" }, { stream.read_bytes(proc, length) })
        end
        assert.equal("data", stream.read_any(proc, 10))
      end)

      case("throws for a length that is none", function()
        local proc = stream.cat()
        local method = proc[stream.name .. "_read_bytes"]
        for _, length in ipairs { -1, -0.5, 1.5, nan, infinity, -infinity, "5", "-1", "many", "", true, {}, print } do
          thrown("bad len argument", method, proc, length)
        end
        thrown("bad len argument", method, proc, nil)
        thrown("bad len argument", method, proc)
      end)
    end)

    describe("From " .. place.name .. ", " .. stream.name .. "_read_any", function()
      case("gives what is there", function()
        local proc = stream.holding("some text")
        assert.equal("some text", stream.read_any(proc, 4096))
      end)

      case("gives no more than asked for", function()
        local proc = stream.holding("some text")
        assert.equal("s", stream.read_any(proc, 1))
        assert.equal("ome", stream.read_any(proc, "3"))
        assert.equal(" text", stream.read_any(proc, 2 ^ 40))
      end)

      case("waits for the first byte", function()
        local proc = stream.cat()
        local reader = pipe.thread.spawn(function() return stream.read_any(proc, 10) end)
        proc:write("first")
        assert.same({ true, "first" }, { pipe.thread.wait(reader) })
      end)

      case("fails at end of file", function()
        local proc = stream.sh("printf text")
        assert.equal("text", stream.read_any(proc, 10))
        assert.same({ nil, "closed", "" }, { stream.read_any(proc, 10) })
        assert.same({ nil, "closed", "" }, { stream.read_any(proc, 10) })
      end)

      case("throws for a maximum that is none", function()
        local proc = stream.cat()
        local method = proc[stream.name .. "_read_any"]
        local bad = { 0, -1, 0.5, 1.5, nan, infinity, -infinity, "0", "-1", "1.5", "many", "", true, {}, print }
        for _, max in ipairs(bad) do
          thrown("bad max argument", method, proc, max)
        end
        thrown("bad max argument", method, proc, nil)
        thrown("bad max argument", method, proc)
      end)
    end)
  end
end
