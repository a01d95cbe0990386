-- Outputs that are large, odd, or shared.
local eventually = require "spec.eventually"
local leaks = require "spec.leaks"
local files = require "spec.files"
local libc = require "spec.libc"
local pipe = require "pipe"
local state = require "spec.state"
local streams = require "spec.streams"

setup(leaks.remember)
teardown(leaks.check)

local every_byte = {}
for byte = 0, 255 do
  every_byte[byte + 1] = string.char(byte)
end
every_byte = table.concat(every_byte)

local patient = { write_timeout = 0, stdout_read_timeout = 0, stderr_read_timeout = 0 } -- however slow the host is

for _, stream in ipairs(streams) do
  describe("From " .. stream.name, function()
    it("every byte value arrives as it was sent", function()
      local proc = stream.holding(every_byte)
      proc:shutdown("stdin")
      assert.equal(every_byte, stream.read_all(proc))

      proc = stream.holding(every_byte)
      assert.equal(every_byte, stream.read_bytes(proc, 256))

      proc = stream.holding(every_byte)
      assert.equal(every_byte, stream.read_any(proc, 256))

      proc = stream.holding(every_byte)
      proc:shutdown("stdin")
      assert.equal(every_byte:sub(1, 10), stream.read_line(proc))
      assert.same({ nil, "closed", every_byte:sub(12) }, { stream.read_line(proc) })
    end)

    it("a line of 128 MiB arrives whole", function()
      local size = 128 * 1024 * 1024
      local proc = stream.sh("head -c " .. size .. " /dev/zero; echo; echo after", patient)
      local line = stream.read_line(proc)
      assert.equal(size, #line)
      assert.is_true(line == ("\0"):rep(size))
      assert.equal("after", stream.read_line(proc))
      line = nil -- luacheck: ignore
      leaks.collect()
    end)

    it("a line of 64 MiB without an end arrives whole", function()
      local size = 64 * 1024 * 1024
      local proc = stream.sh("exec head -c " .. size .. " /dev/zero", patient)
      local line, message, partial = stream.read_line(proc)
      assert.is_nil(line)
      assert.equal("closed", message)
      assert.equal(size, #partial)
      assert.is_true(partial == ("\0"):rep(size))
    end)

    it("64 MiB arrive whole", function()
      local size = 64 * 1024 * 1024
      local proc = stream.sh("exec head -c " .. size .. " /dev/zero",
        { buffer_size = 1, stdout_read_timeout = 0, stderr_read_timeout = 0 })
      local all = stream.read_all(proc)
      assert.equal(size, #all)
      assert.is_true(all == ("\0"):rep(size))
    end)

    it("half a million lines arrive in order", function()
      local proc = stream.sh("exec seq 500000")
      local expected = 0
      for line in function() return (stream.read_line(proc)) end do
        expected = expected + 1
        if line ~= tostring(expected) then
          assert.equal(tostring(expected), line)
        end
      end
      assert.equal(500000, expected)
    end)

    it("any mix of reads gives the bytes in their order", function()
      local proc = stream.sh("exec seq 1000")
      local parts = {}
      for turn = 1, 100 do
        parts[#parts + 1] = stream.read_line(proc) .. "\n"
        parts[#parts + 1] = stream.read_bytes(proc, turn % 7)
        parts[#parts + 1] = stream.read_any(proc, turn % 5 + 1)
      end
      parts[#parts + 1] = stream.read_all(proc)
      local numbers = {}
      for number = 1, 1000 do
        numbers[number] = number .. "\n"
      end
      assert.equal(table.concat(numbers), table.concat(parts))
    end)

    it("a grandchild may go on writing when the child is gone", function()
      local fifo = os.tmpname()
      os.remove(fifo)
      assert.equal(0, libc.C.mkfifo(fifo, 384))
      local proc = stream.sh("cat " .. fifo .. " & exit 0")
      assert.same({ true, "exit", 0 }, { proc:wait() })
      stream.set_timeout(proc, 1)
      assert.same({ nil, "timeout", "" }, { stream.read_all(proc) })
      stream.set_timeout(proc, 10000)
      local file = assert(io.open(fifo, "w"))
      file:write("late\n")
      file:close()
      assert.equal("late", stream.read_line(proc))
      assert.equal("", stream.read_all(proc))
      os.remove(fifo)
    end)

    it("nothing is lost when the child ends early", function()
      local proc = stream.sh("echo first; kill -9 $$")
      assert.same({ false, "signal", 9 }, { proc:wait() })
      assert.equal("first", stream.read_line(proc))
      assert.same({ nil, "closed", "" }, { stream.read_line(proc) })
    end)
  end)
end

describe("A child that floods both outputs", function()
  local flood = [[ head -c 3000000 /dev/zero >&2 & head -c 3000000 /dev/zero; wait ]]

  it("is read by two threads without a deadlock", function()
    local proc = assert(pipe.spawn({ "sh", "-c", flood }, patient))
    local threads = {}
    for index, stream in ipairs(streams) do
      threads[index] = pipe.thread.spawn(function() return #stream.read_all(proc) end)
    end
    assert.same({ true, 3000000 }, { pipe.thread.wait(threads[1]) })
    assert.same({ true, 3000000 }, { pipe.thread.wait(threads[2]) })
    assert.same({ true, "exit", 0 }, { proc:wait() })
  end)

  it("while its stdin is written loses nothing", function()
    local proc = assert(pipe.spawn({ "sh", "-c", "tee /dev/stderr" }, patient))
    local text = every_byte:rep(8000)
    local threads = {}
    for index, stream in ipairs(streams) do
      threads[index] = pipe.thread.spawn(function() return stream.read_all(proc) end)
    end
    assert.equal(#text, proc:write(text))
    proc:shutdown("stdin")
    for index in ipairs(streams) do
      local ran, all = pipe.thread.wait(threads[index])
      assert.is_true(ran)
      assert.is_true(all == text)
    end
  end)

  for _, stream in ipairs(streams) do
    it("waits for its reader: of " .. stream.name .. " the host takes nothing that nobody asked for", function()
      local proc = stream.sh("exec yes")
      assert.equal("y", stream.read_line(proc))
      -- It sleeps when the pipe is full, and only then.
      assert.is_true(eventually(function() return state(proc:pid()) == "S" end))
      for _ = 1, 100 do
        pipe.sleep(0)
      end
      proc:kill("KILL")
      assert.same({ false, "signal", 9 }, { proc:wait() })
      assert.is_true(#stream.read_all(proc) < 2 * 65536)
    end)
  end

  for _, stream in ipairs(streams) do
    it("keeps the host's memory flat, however long " .. stream.name .. " is read, and not the other", function()
      local function resident()
        leaks.collect()
        return tonumber(files.read("/proc/self/status"):match("VmRSS:%s*(%d+)"))
      end
      local proc = assert(pipe.spawn({ "sh", "-c", "yes >&2 & exec yes" }, { process_group = true }))
      local function read_some()
        for _ = 1, 1000 do
          assert.equal(65536, #stream.read_bytes(proc, 65536))
        end
      end
      read_some()
      local before = resident()
      for _ = 1, 3 do
        read_some()
      end
      -- 190 MiB have been read since, and thrown away.
      assert.is_true(resident() - before < 16 * 1024)
      proc:close()
    end)
  end

  it("dies of a closed pipe when its reader has gone", function()
    local proc = assert(pipe.spawn({ "yes" }))
    proc:shutdown("stdout")
    assert.same({ false, "signal", libc.SIGPIPE }, { proc:wait() })
  end)
end)
