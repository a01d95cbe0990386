-- proc:write, and every way in which it does not write everything.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local thrown = require "spec.thrown"

local fifo = os.tmpname()

setup(leaks.remember)
teardown(leaks.check)
teardown(function() os.remove(fifo) end)

local function cat(options)
  return assert(pipe.spawn({ "cat" }, options))
end

-- A child that reads nothing until its fifo is opened, and then says how many bytes came.
local function deaf(options)
  os.remove(fifo)
  assert.equal(0, libc.C.mkfifo(fifo, 384))
  local proc = assert(pipe.spawn({ "sh", "-c", "echo ready; : <" .. fifo .. "; exec wc -c" }, options))
  assert.equal("ready", proc:stdout_read_line())
  local function listen()
    assert(io.open(fifo, "w")):close()
  end
  return proc, listen
end

local function received(proc)
  proc:shutdown("stdin")
  return tonumber(proc:stdout_read_line())
end

local megabyte = ("x"):rep(1048576)

for _, place in ipairs(places) do
  local function case(name, body)
    it(name, function() place.run(body) end)
  end

  describe("From " .. place.name .. ", proc:write", function()
    -- What arrives of one write.
    local function echoed(data, size)
      local proc = cat()
      assert.equal(size, proc:write(data))
      proc:shutdown("stdin")
      return proc:stdout_read_all()
    end

    case("writes a string", function()
      assert.equal("hello", echoed("hello", 5))
    end)

    case("writes a number as Lua would print it", function()
      assert.equal("12", echoed(12, 2))
      assert.equal("-1.5", echoed(-1.5, 4))
    end)

    case("writes the strings and numbers of an array", function()
      assert.equal("one2three", echoed({ "one", 2, "three" }, 9))
      assert.equal("ab", echoed({ "", "a", "", "b", "" }, 2))
    end)

    case("writes an array of any length", function()
      local parts, expected = {}, {}
      for number = 1, 5000 do
        parts[number] = number % 2 == 0 and number or tostring(number)
        expected[number] = tostring(number)
      end
      expected = table.concat(expected)
      assert.equal(expected, echoed(parts, #expected))
    end)

    case("leaves the array as it was", function()
      local parts = { "one", 2, "three" }
      echoed(parts, 9)
      assert.same({ "one", 2, "three" }, parts)
      assert.equal("number", type(parts[2]))
    end)

    case("returns 0 for nothing", function()
      assert.equal("", echoed("", 0))
      assert.equal("", echoed({}, 0))
      assert.equal("", echoed({ "", "" }, 0))
    end)

    case("writes every byte value", function()
      local bytes = {}
      for byte = 0, 255 do
        bytes[byte + 1] = string.char(byte)
      end
      bytes = table.concat(bytes)
      assert.equal(bytes, echoed(bytes, 256))
    end)

    case("returns when all is in the pipe, however much it is", function()
      local proc, listen = deaf()
      pipe.thread.spawn(function()
        pipe.sleep(0)
        listen()
      end)
      assert.equal(1048576, proc:write(megabyte))
      assert.equal(1048576, received(proc))
    end)

    case("writes a large array to a slow reader", function()
      local proc, listen = deaf()
      pipe.thread.spawn(function()
        pipe.sleep(0)
        listen()
      end)
      local parts = {}
      for number = 1, 3000 do
        parts[number] = ("x"):rep(number % 500)
      end
      local size = #table.concat(parts)
      assert.equal(size, proc:write(parts))
      assert.equal(size, received(proc))
    end)

    case("gives up after its timeout, and tells how much went out", function()
      for _, data in ipairs { megabyte, { "head", megabyte, "tail" } } do
        local proc, listen = deaf({ write_timeout = 1 })
        local total = 0
        for _ = 1, 3 do
          local result, message, written = proc:write(data)
          assert.same({ nil, "timeout" }, { result, message })
          total = total + written
        end
        assert.is_true(total > 0 and total < 1048576)
        listen()
        assert.equal(total, received(proc))
      end
    end)

    case("goes on after a timeout where it stopped, and each byte arrives once", function()
      local lines = {}
      for number = 1, 100000 do
        lines[number] = number .. "\n"
      end
      local text = table.concat(lines)
      local proc = cat({ write_timeout = 1 })
      local sent, timeouts, reader = 0, 0, nil
      repeat
        local size, message, written = proc:write(text:sub(sent + 1))
        sent = sent + (size or written)
        if not size then
          assert.equal("timeout", message)
          timeouts = timeouts + 1
        end
        -- Nobody reads what cat copies until its pipes are full.
        reader = reader or pipe.thread.spawn(function() return proc:stdout_read_all() end)
      until sent == #text
      assert.is_true(timeouts > 0)
      proc:shutdown("stdin")
      local _, all = pipe.thread.wait(reader)
      assert.is_true(all == text)
    end)

    case("lets other light threads talk to their children while it is blocked", function()
      local proc, listen = deaf()
      local blocked = pipe.thread.spawn(function() return proc:write(megabyte) end)
      local other = cat()
      for number = 1, 100 do
        other:write(number .. "\n")
        assert.equal(tostring(number), other:stdout_read_line())
      end
      assert.same({ nil, "pipe busy writing", 0 }, { proc:write("x") })
      listen()
      assert.same({ true, 1048576 }, { pipe.thread.wait(blocked) })
      assert.equal(1048576, received(proc))
    end)

    case("of ten megabytes to a child that exits at once tells that it is closed, and how much went out", function()
      local data = ("x"):rep(10 * 1048576)
      for _ = 1, 10 do
        local proc = assert(pipe.spawn({ "true" }))
        local result, message, written = proc:write(data)
        assert.same({ nil, "closed" }, { result, message })
        assert.is_true(written >= 0 and written < #data)
        assert.same({ true, "exit", 0 }, { proc:wait() })
        assert.same({ nil, "closed", 0 }, { proc:write(data) })
      end
    end)

    case("is busy while another thread writes", function()
      local proc, listen = deaf()
      local writer = pipe.thread.spawn(function() return proc:write(megabyte) end)
      assert.same({ nil, "pipe busy writing", 0 }, { proc:write("other") })
      listen()
      assert.same({ true, 1048576 }, { pipe.thread.wait(writer) })
      assert.equal(5, proc:write("other"))
      assert.equal(1048576 + 5, received(proc))
    end)

    case("is aborted by a shutdown, and tells how much went out", function()
      local proc, listen = deaf()
      local writer = pipe.thread.spawn(function() return proc:write(megabyte) end)
      assert.is_true(proc:shutdown("stdin"))
      local ran, result, message, written = pipe.thread.wait(writer)
      assert.same({ true, nil, "aborted" }, { ran, result, message })
      assert.is_true(written > 0 and written < 1048576)
      listen()
      assert.equal(written, tonumber(proc:stdout_read_line()))
    end)

    case("finds stdin closed after a shutdown", function()
      local proc = cat()
      proc:shutdown("stdin")
      assert.same({ nil, "closed", 0 }, { proc:write("x") })
      assert.same({ nil, "closed", 0 }, { proc:write({ "x", "y" }) })
    end)

    case("finds stdin closed by the child", function()
      local proc = assert(pipe.spawn({ "sh", "-c", "exec <&-; echo closed; exec cat /dev/zero" }))
      assert.equal("closed", proc:stdout_read_line())
      assert.same({ nil, "closed", 0 }, { proc:write("x") })
      assert.same({ nil, "closed", 0 }, { proc:write(megabyte) })
    end)

    case("finds stdin closed by the child's end", function()
      local proc = assert(pipe.spawn({ "true" }))
      proc:wait()
      assert.same({ nil, "closed", 0 }, { proc:write("x") })
      proc = assert(pipe.spawn({ "true" }))
      libc.await_exit(proc:pid())
      assert.same({ nil, "closed", 0 }, { proc:write("x") })
    end)

    case("learns while it waits that the child has gone", function()
      local proc = deaf()
      local writer = pipe.thread.spawn(function() return proc:write(megabyte) end)
      proc:kill("KILL")
      local ran, result, message, written = pipe.thread.wait(writer)
      assert.same({ true, nil, "closed" }, { ran, result, message })
      assert.is_true(written > 0 and written < 1048576)
    end)

    case("whose thread is killed leaves nothing busy", function()
      local proc, listen = deaf()
      local writer = pipe.thread.spawn(function() return proc:write(megabyte) end)
      assert.is_true(pipe.thread.kill(writer))
      listen()
      assert.equal(3, proc:write("end"))
      assert.is_true(received(proc) > 3)
    end)

    case("writes what it was given, whatever becomes of the array meanwhile", function()
      local proc = cat()
      local parts, expected = {}, {}
      for number = 1, 2000 do
        expected[number] = ("%d,"):format(number):rep(50)
        parts[number] = expected[number]
      end
      expected = table.concat(expected)
      local writer = pipe.thread.spawn(function() return proc:write(parts) end)
      for number = 1, 2000 do
        parts[number] = "overwritten"
      end
      parts = nil -- luacheck: ignore
      collectgarbage()
      local reader = pipe.thread.spawn(function() return proc:stdout_read_all() end)
      assert.same({ true, #expected }, { pipe.thread.wait(writer) })
      proc:shutdown("stdin")
      local _, all = pipe.thread.wait(reader)
      assert.is_true(all == expected)
    end)

    case("throws for what it cannot write", function()
      local proc = cat()
      local text = "bad data arg: string, number, or table expected, got "
      thrown(text .. "boolean", proc.write, proc, true)
      thrown(text .. "nil", proc.write, proc, nil)
      thrown(text .. "nil", proc.write, proc)
      thrown(text .. "function", proc.write, proc, print)
      thrown(text .. "thread", proc.write, proc, coroutine.create(print))
    end)

    case("throws for an array that holds something else, and writes nothing of it", function()
      local proc = cat()
      for _, data in ipairs { { "one", true }, { {} }, { "one", "two", print } } do
        assert.is_false((pcall(proc.write, proc, data)))
      end
      proc:shutdown("stdin")
      assert.equal("", proc:stdout_read_all())
    end)
  end)
end
