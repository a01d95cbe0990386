-- Lines that Lua takes out of what the core has read already: they are the same ones, in the same order, as if each
-- were read by itself, whatever is read between them.
local C = require "pipe.clib"
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local places = require "spec.places"
local streams = require "spec.streams"

setup(leaks.remember)
teardown(leaks.check)

-- The same numbers in every run.
local function random_from(seed)
  return function(count)
    seed = (seed * 1103515245 + 12345) % 2147483648
    return math.floor(seed / 65536) % count
  end
end

-- Bytes of which many are line ends, or nearly so.
local function random_text(random, size)
  local alphabet, bytes = { "\r", "\n", "\r\n", "\n", "\0", "x", "yy", ("z"):rep(60) }, {}
  for index = 1, size do
    bytes[index] = alphabet[random(#alphabet) + 1]
  end
  return table.concat(bytes)
end

-- The next line of a text from this position on, and where the rest begins; as the contract says.
local function line_of(text, from)
  local newline = text:find("\n", from, true)
  if newline then
    return (text:sub(from, newline - 1):gsub("\r$", "")), newline + 1
  end
end

for _, stream in ipairs(streams) do
  local lines = stream.name .. "_lines"

  local endings = {
    function(proc) return proc:shutdown(stream.name) end,
    function(proc) return proc:close() end,
  }

  for _, place in ipairs(places) do
    local function case(name, body)
      it(name, function() place.run(body) end)
    end

    describe(("In %s, lines of %s that are there"):format(place.name, stream.name), function()
      case("are cut as the contract says, between reads of every kind, with buffers of any size", function()
        for seed, buffer_size in ipairs { 1, 2, 3, 16, 100, 4096, 100000 } do
          local random = random_from(seed)
          local text = random_text(random, 3000)
          local proc = stream.cat({ buffer_size = buffer_size })
          local writer = pipe.thread.spawn(function()
            local sent = 0
            while sent < #text do
              local size = random(500) + 1
              assert(proc:write(text:sub(sent + 1, sent + size)))
              sent = sent + size
            end
            proc:shutdown("stdin")
          end)
          local at, next_line = 1, proc[lines](proc)
          while true do
            local line, behind = line_of(text, at)
            if not line then
              break
            end
            local kind = random(10)
            if kind == 0 then
              local bytes = stream.read_bytes(proc, random(9))
              assert.equal(text:sub(at, at + #bytes - 1), bytes)
              at = at + #bytes
            elseif kind == 1 then
              local bytes = stream.read_any(proc, random(99) + 1)
              assert.equal(text:sub(at, at + #bytes - 1), bytes)
              at = at + #bytes
            else
              assert.equal(line, kind < 6 and next_line() or stream.read_line(proc))
              at = behind
            end
          end
          assert.equal(text:sub(at), stream.read_all(proc))
          assert.is_true((pipe.thread.wait(writer)))
        end
      end)

      case("are given without waiting, where nobody can wait", function()
        local proc = stream.with_lines()
        local found
        local thread = pipe.thread.spawn(function()
          found = coroutine.wrap(function()
            return { stream.read_line(proc), (proc[lines](proc)()), (("x"):gsub("x", function()
              return stream.read_line(proc)
            end)) }
          end)()
        end)
        assert.same({ true }, { pipe.thread.wait(thread) })
        assert.same({ "two", "", "four" }, found)
        assert.equal("part", stream.read_any(proc, 10))
      end)

      case("are given before a timeout of the line that is not", function()
        local proc = stream.with_lines()
        stream.set_timeout(proc, 1)
        for _, line in ipairs { "two", "", "four" } do
          assert.equal(line, stream.read_line(proc))
        end
        assert.same({ nil, "timeout", "part" }, { stream.read_line(proc) })
        assert.same({ nil, "timeout", "" }, { stream.read_line(proc) })
      end)

      case("belong to another thread that reads, until it has", function()
        local proc = stream.with_lines()
        local reader = pipe.thread.spawn(function() return stream.read_bytes(proc, 16) end)
        assert.same({ nil, "pipe busy reading" }, { stream.read_line(proc) })
        assert.same({ false, "pipe busy reading" }, { pcall(function()
          local ok, message = pcall(proc[lines](proc))
          error(ok and "a line" or message:gsub("^.-:%d+: ", ""), 0)
        end) })
        proc:write("ial\nnext\n")
        assert.same({ true, "two\r\n\nfour\nparti" }, { pipe.thread.wait(reader) })
        assert.equal("al", stream.read_line(proc))
      end)

      case("are there again when another thread that read is killed", function()
        local proc = stream.with_lines()
        local reader = pipe.thread.spawn(function() return stream.read_all(proc) end)
        assert.is_true(pipe.thread.kill(reader))
        assert.equal("two", stream.read_line(proc))
        reader = pipe.thread.spawn(function() return stream.read_bytes(proc, 1000) end)
        assert.is_true(pipe.thread.kill(reader))
        assert.equal("", stream.read_line(proc))
        proc:shutdown("stdin")
        assert.equal("four\npart", stream.read_all(proc))
      end)

      case("go with a read that times out, and none comes twice", function()
        local proc = stream.with_lines()
        stream.set_timeout(proc, 1)
        assert.equal("two", stream.read_line(proc))
        assert.same({ nil, "timeout", "\nfour\npart" }, { stream.read_all(proc) })
        stream.set_timeout(proc, 10000)
        proc:write("ial\nnext\n")
        assert.equal("ial", stream.read_line(proc))
        assert.equal("next", stream.read_line(proc))
      end)

      case("stay behind a read that no string can hold", function()
        local proc = stream.with_lines()
        assert.equal("two", stream.read_line(proc))
        assert.same({ nil, "too much data" }, { stream.read_bytes(proc, 2 ^ 40) })
        assert.equal("", stream.read_line(proc))
        assert.equal("four", stream.read_line(proc))
      end)

      case("are still there after the exit", function()
        local proc = stream.with_lines()
        proc:kill("KILL")
        assert.same({ false, "signal", 9 }, { proc:wait() })
        for _, line in ipairs { "two", "", "four" } do
          assert.equal(line, stream.read_line(proc))
        end
        assert.same({ nil, "closed", "part" }, { stream.read_line(proc) })
      end)

      case("are gone with a shutdown, and with a close", function()
        for _, ends in ipairs(endings) do
          local proc = stream.with_lines()
          local next_line = proc[lines](proc)
          assert.equal("two", next_line())
          assert.is_true(ends(proc))
          assert.same({ nil, "closed" }, { stream.read_line(proc) })
          assert.is_falsy(pcall(next_line))
          assert.same({ nil, "closed" }, { stream.read_all(proc) })
        end
      end)
    end)
  end

  describe("A line of " .. stream.name, function()
    -- Lines of one byte more than the buffer, of exactly its size, and so on.
    it("may end anywhere in a buffer, with and without a CR", function()
      for length = 0, 40 do
        for _, line_end in ipairs { "\n", "\r\n" } do
          local proc = stream.cat({ buffer_size = 16 })
          proc:write((("x"):rep(length) .. line_end):rep(3) .. "\r" .. line_end)
          for _ = 1, 3 do
            assert.equal(("x"):rep(length), stream.read_line(proc))
          end
          assert.equal(line_end == "\n" and "" or "\r", stream.read_line(proc))
          proc:close()
        end
      end
    end)

    it("ends where the bytes end that have come, whatever lay behind them before", function()
      local proc = stream.cat({ buffer_size = 65536 })
      for _ = 1, 2 do -- the second time in the block that the first has left
        proc:write(("\n"):rep(100))
        assert.equal(100, #stream.read_bytes(proc, 100))
      end
      proc:write("1\n2\n3\n4\n5\n6\npart")
      for number = 1, 6 do
        assert.equal(tostring(number), stream.read_line(proc))
      end
      stream.set_timeout(proc, 1)
      assert.same({ nil, "timeout", "part" }, { stream.read_line(proc) })
    end)

    it("leaves no memory behind when it is the last one", function()
      local proc = stream.cat()
      proc:write("1\n2\n3\n")
      for number = 1, 3 do
        assert.equal(tostring(number), stream.read_line(proc))
      end
      local buffered = C.pipe_buffered_bytes(proc.handle, C["PIPE_" .. stream.name:upper()])
      assert.same({ true, 0 }, { buffered.data == nil, buffered.size })
    end)

    it("may be longer than any pipe and stand between short ones", function()
      local proc, long = stream.cat(), ("0123456789abcdef"):rep(100000)
      local writer = pipe.thread.spawn(function()
        proc:write({ "short\n", long, "\r\n\n", long, "\nshort" })
        proc:shutdown("stdin")
      end)
      local next_line = proc[lines](proc)
      assert.equal("short", stream.read_line(proc))
      assert.is_true(next_line() == long)
      assert.equal("", next_line())
      assert.is_true(stream.read_line(proc) == long)
      assert.equal("short", next_line())
      assert.is_nil(next_line())
      assert.is_true((pipe.thread.wait(writer)))
    end)

    it("is nothing that the other output has", function()
      local script = stream.name == "stdout" and "tee /dev/stderr" or "tee /dev/fd/3 3>&1 >&2"
      local proc = assert(pipe.spawn(script))
      proc:write("1\n2\n3\n")
      for _, line in ipairs { "1", "2", "3" } do
        assert.equal(line, stream.read_line(proc))
        assert.equal(line, proc[stream.other .. "_read_line"](proc))
      end
    end)
  end)
end

describe("Lines that are there", function()
  it("are the host's alone when it forks", function()
    assert.equal("nil\tclosed\nnil\tclosed\nfalse\nexit\t0\ntwo\tthree\tfour\n", host.output([[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local proc = assert(pipe.spawn("printf 'one\ntwo\nthree\nfour\n'; read x"))
      assert(proc:stdout_read_line() == "one")
      local next_line = proc:stdout_lines()
      local copy = libc.C.fork()
      if copy == 0 then
        print((proc:stdout_read_line()), (select(2, proc:stdout_read_line())))
        print((proc:stdout_read_bytes(1)), (select(2, proc:stdout_read_bytes(1))))
        print((pcall(next_line)))
        io.stdout:flush()
        os.exit(0)
      end
      print(libc.reap(copy))
      print(next_line(), proc:stdout_read_line(), next_line())
    ]]))
  end)

  for name, options in pairs { merged = { merge_stderr = true }, null = { stderr = "null" } } do
    it("are of stdout alone where stderr is " .. name, function()
      local proc = assert(pipe.spawn("printf '1\n2\n3\n'", options))
      local refusal = name == "merged" and "merged to stdout" or "not a pipe"
      for number = 1, 3 do
        assert.equal(tostring(number), proc:stdout_read_line())
        assert.same({ nil, refusal }, { proc:stderr_read_line() })
        local ok, message = pcall(proc:stderr_lines())
        assert.is_false(ok)
        assert.is_truthy(message:find(refusal .. "$"))
      end
    end)
  end

  it("are of stderr alone where stdout is no pipe", function()
    local proc = assert(pipe.spawn("printf '1\n2\n' >&2", { stdout = "null" }))
    for number = 1, 2 do
      assert.same({ nil, "not a pipe" }, { proc:stdout_read_line() })
      assert.equal(tostring(number), proc:stderr_read_line())
    end
  end)
end)
