-- proc:stdout_lines and proc:stderr_lines: an output's lines in a for loop.
local eventually = require "spec.eventually"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local streams = require "spec.streams"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

-- A loop in a chunk of its own, so that its position is known: the loop's head is on line 4.
local loop = [[
  local proc, method, lines = ...
  lines = lines or {}
  -- The head:
  for line in proc[method](proc) do
    lines[#lines + 1] = line
  end
  return lines
]]

for _, stream in ipairs(streams) do
  local method = stream.name .. "_lines"

  local function collect(proc, lines)
    return assert(loadstring(loop, "=loop"))(proc, method, lines)
  end

  -- The loop throws this text, at its own line. Returns the lines before.
  local function fails(text, proc)
    local lines = {}
    local ok, message = pcall(collect, proc, lines)
    assert.same({ false, "loop:4: " .. text }, { ok, message })
    return lines
  end

  for _, place in ipairs(places) do
    local function case(name, body)
      it(name, function() place.run(body) end)
    end

    describe("proc:" .. method .. ", in " .. place.name .. ",", function()
      case("gives each line without its end", function()
        assert.same({ "one", "", "two\r", " three " },
          collect(stream.sh([[printf 'one\n\ntwo\r\r\n three \n']])))
      end)

      case("gives an unfinished last line too", function()
        assert.same({ "one", "unfinished" }, collect(stream.sh([[printf 'one\nunfinished']])))
        assert.same({ "unfinished\r" }, collect(stream.sh([[printf 'unfinished\r']])))
      end)

      case("gives nothing where nothing was written", function()
        assert.same({}, collect(stream.sh("exit 0")))
      end)

      case("gives an empty line, and none behind it", function()
        assert.same({ "" }, collect(stream.sh("echo")))
      end)

      case("gives bytes as they are", function()
        assert.same({ "a\0b", "\255" }, collect(stream.sh([[printf 'a\000b\n\377\n']])))
      end)

      case("gives lines of any length", function()
        local proc = stream.cat()
        local long = ("0123456789abcdef"):rep(65536)
        local writer = pipe.thread.spawn(function()
          assert(proc:write({ long, "\nshort\n", long, "\n", long }))
          proc:shutdown("stdin")
        end)
        local lines = collect(proc)
        assert.is_true((pipe.thread.wait(writer)))
        assert.equal(4, #lines)
        assert.equal("short", lines[2])
        assert.is_true(lines[1] == long and lines[3] == long and lines[4] == long)
      end)

      case("gives them as they come, to an answering loop", function()
        local proc, seen = stream.cat(), {}
        proc:write("1\n")
        for line in proc[method](proc) do
          seen[#seen + 1] = line
          if line == "5" then
            proc:shutdown("stdin")
          else
            proc:write((line + 1) .. "\n")
          end
        end
        assert.same({ "1", "2", "3", "4", "5" }, seen)
        assert.is_true(proc:wait())
      end)

      case("can be left, and what follows is still there", function()
        local proc, seen = stream.sh([[printf 'one\ntwo\nthree\nfour\n']]), {}
        for line in proc[method](proc) do
          seen[#seen + 1] = line
          if line == "two" then
            break
          end
        end
        assert.same({ "one", "two" }, seen)
        assert.equal("three", stream.read_line(proc))
        assert.same({ "four" }, collect(proc))
        assert.same({}, collect(proc))
      end)

      case("works after wait, and leaves the exit to it", function()
        local proc = stream.sh("echo line; exit 3")
        assert.same({ false, "exit", 3 }, { proc:wait() })
        assert.same({ "line" }, collect(proc))
      end)

      case("throws a timeout at the loop's line, and the partial line stays", function()
        local proc = stream.holding("one\npart")
        stream.set_timeout(proc, 1)
        assert.same({ "one" }, fails("timeout", proc))
        assert.same({}, fails("timeout", proc))
        stream.set_timeout(proc, 10000)
        proc:write("ial\nlast\n")
        proc:shutdown("stdin")
        assert.same({ "partial", "last" }, collect(proc))
      end)

      case("throws a timeout, and any read gets what had come", function()
        for kind, length in pairs { read_any = 100, read_bytes = 4, read_all = false } do
          local proc = stream.holding("part")
          stream.set_timeout(proc, 1)
          fails("timeout", proc)
          if kind == "read_all" then
            proc:shutdown("stdin")
            stream.set_timeout(proc, 10000)
          end
          assert.equal("part", stream[kind](proc, length or nil))
        end
      end)

      case("throws that another thread reads", function()
        local proc = stream.cat()
        local reader = pipe.thread.spawn(function() return stream.read_line(proc) end)
        fails("pipe busy reading", proc)
        proc:write("line\n")
        assert.same({ true, "line" }, { pipe.thread.wait(reader) })
      end)

      case("throws when the stream is shut down meanwhile", function()
        local proc = stream.cat()
        local reader = pipe.thread.spawn(function() return pcall(collect, proc) end)
        assert.is_true(proc:shutdown(stream.name))
        assert.same({ true, false, "loop:4: aborted" }, { pipe.thread.wait(reader) })
      end)

      case("throws where it was shut down before", function()
        local proc = stream.cat()
        assert.is_true(proc:shutdown(stream.name))
        fails("closed", proc)
      end)

      case("throws where there is no pipe", function()
        fails("not a pipe", stream.cat({ [stream.name] = "null" }))
      end)
    end)
  end

  describe("proc:" .. method, function()
    it("keeps its process alive", function()
      local iterator = (function()
        local proc = stream.cat()
        proc:write("one\ntwo\n")
        return proc[method](proc)
      end)()
      for _, line in ipairs { "one", "two" } do
        leaks.collect()
        pipe.sleep(0)
        assert.equal(line, iterator())
      end
    end)

    it("keeps it alive while it waits for a line that nobody else knows of", function()
      local line
      local fifo = os.tmpname()
      os.remove(fifo)
      assert.equal(0, libc.C.mkfifo(fifo, 384))
      local reader = pipe.thread.spawn(function()
        for found in (function()
          local proc = stream.sh("read word <" .. fifo .. "; echo $word")
          return proc[method](proc)
        end)() do
          line = found
        end
      end)
      for _ = 1, 5 do
        leaks.collect()
        pipe.sleep(0)
      end
      -- Opened both ways, so that opening does not wait for the child.
      local fd = libc.C.open(fifo, libc.O_RDWR, 0)
      assert.equal(5, tonumber(libc.C.write(fd, "late\n", 5)))
      assert.is_true((pipe.thread.wait(reader)))
      assert.equal("late", line)
      libc.C.close(fd)
      os.remove(fifo)
    end)

    it("keeps nothing when it is gone itself", function()
      local weak = setmetatable({}, { __mode = "v" });
      (function()
        local proc = stream.cat()
        weak[1] = proc
        proc:write("line\n")
        assert.equal("line", proc[method](proc)())
      end)()
      assert.is_true(eventually(function()
        leaks.collect()
        return weak[1] == nil
      end))
    end)

    it("lets other light threads go on while it waits", function()
      local proc, other = stream.cat(), stream.cat()
      local reader = pipe.thread.spawn(function() return collect(proc) end)
      other:write("other\n")
      assert.equal("other", stream.read_line(other))
      proc:write("line\n")
      proc:shutdown("stdin")
      assert.same({ true, { "line" } }, { pipe.thread.wait(reader) })
    end)

    it("leaves nobody busy when its thread is killed", function()
      local proc = stream.holding("part")
      local reader = pipe.thread.spawn(function() return collect(proc) end)
      assert.is_true(pipe.thread.kill(reader))
      proc:write("\n")
      assert.equal("part", stream.read_line(proc))
    end)

    it("works in a generator of the main chunk, and in a pipe.coroutine", function()
      local function generate(co)
        local proc, lines = stream.sh([[printf '1\n2\n3']]), {}
        for line in co.wrap(function()
          for line in proc[method](proc) do
            co.yield(line .. "!")
          end
        end) do
          lines[#lines + 1] = line
        end
        return lines
      end
      assert.same({ "1!", "2!", "3!" }, generate(coroutine))
      local th = pipe.thread.spawn(generate, pipe.coroutine)
      assert.same({ true, { "1!", "2!", "3!" } }, { pipe.thread.wait(th) })
    end)

    it("throws at the loop's line in a plain coroutine of a light thread", function()
      local proc = stream.cat()
      local th = pipe.thread.spawn(function()
        return coroutine.resume(coroutine.create(function() return collect(proc) end))
      end)
      assert.same({ true, false, "loop:4: cannot wait in a plain coroutine of a light thread; use pipe.coroutine" },
        { pipe.thread.wait(th) })
      proc:write("line\n")
      assert.equal("line", stream.read_line(proc))
    end)

    it("throws for something else than a process", function()
      local proc = stream.cat()
      thrown("not a process instance", proc[method], {})
      thrown("not a process instance", proc[method])
    end)
  end)
end

describe("proc:stderr_lines of a child whose stderr is merged", function()
  it("throws so", function()
    local proc = assert(pipe.spawn({ "cat" }, { merge_stderr = true }))
    local ok, message = pcall(assert(loadstring(loop, "=loop")), proc, "stderr_lines")
    assert.same({ false, "loop:4: merged to stdout" }, { ok, message })
  end)
end)
