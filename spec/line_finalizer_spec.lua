-- Finalizers that read where a line is just being taken out of what the core has read: no line is lost, and none comes
-- twice.
local ffi = require "ffi"
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local streams = require "spec.streams"

setup(leaks.remember)
teardown(leaks.check)

for _, stream in ipairs(streams) do
  local lines = stream.name .. "_lines"

  -- Any allocation may run a finalizer, and that may read where a line is just being taken.
  describe("While a line of " .. stream.name .. " is made a string, a finalizer", function()
    local make = ffi.string
    after_each(function() ffi.string = make end)

    -- Has `finalizer` run once, when the string has been made and the line has not been taken.
    local function while_made(finalizer)
      rawset(ffi, "string", function(...)
        ffi.string = make
        local made = make(...)
        finalizer()
        return made
      end)
    end

    it("that reads there has the first bytes, and the line is the one behind them", function()
      for kind, expected in pairs {
        read_line = { nil, "two", "" },
        read_bytes = { 2, "tw", "o" },
        read_any = { 100, "two\r\n\nfour\npart", "ial" },
        lines = { nil, "two", "" },
      } do
        local proc, inner = stream.with_lines(), nil
        proc:write("ial\n")
        while_made(function()
          if kind == "lines" then
            inner = proc[lines](proc)()
          else
            inner = stream[kind](proc, expected[1])
          end
        end)
        assert.equal(expected[3], stream.read_line(proc), kind)
        assert.equal(expected[2], inner, kind)
        proc:close()
      end
    end)

    it("that reads all, and then a line that was as long as those before, has the line", function()
      local proc, inner = stream.with_lines(), nil
      while_made(function()
        inner = stream.read_any(proc, 100)
        -- Then the next line lies where the one that is being taken lay, behind "!one\n", and as much behind it.
        proc:write("1234\nnext\nrest of it")
        assert.equal("1234", stream.read_line(proc))
      end)
      assert.equal("next", stream.read_line(proc))
      assert.equal("two\r\n\nfour\npart", inner)
      assert.equal("rest of it", stream.read_any(proc, 100))
    end)

    it("that takes back what it asked for has taken nothing", function()
      local proc, inner = stream.with_lines(), nil
      while_made(function()
        inner = { stream.read_bytes(proc, 2 ^ 40) }
      end)
      assert.equal("two", stream.read_line(proc))
      assert.same({ nil, "too much data" }, inner)
      assert.equal("", stream.read_line(proc))
      assert.equal("four", stream.read_line(proc))
    end)

    it("that leaves a read waiting there has the line for it", function()
      local proc, reader = stream.with_lines(), nil
      while_made(function()
        reader = pipe.thread.spawn(function() return stream.read_bytes(proc, 16) end)
      end)
      assert.same({ nil, "pipe busy reading" }, { stream.read_line(proc) })
      proc:write("ial\n")
      assert.same({ true, "two\r\n\nfour\nparti" }, { pipe.thread.wait(reader) })
    end)

    it("that shuts it down, or closes the process, leaves no line", function()
      for _, ends in ipairs {
        function(proc) return proc:shutdown(stream.name) end,
        function(proc) return proc:close() end,
      } do
        local proc = stream.with_lines()
        while_made(function() assert.is_true(ends(proc)) end)
        assert.same({ nil, "closed" }, { stream.read_line(proc) })
      end
    end)
  end)
end

describe("Finalizers that read all the time, where a loop reads too,", function()
  local count = 20000

  -- They run when garbage is collected, and that is all the time. Asserts that they had some lines, and that each line
  -- is somebody's, once, and in order.
  local script = [[
    local pipe = require "pipe"
    local proc = assert(pipe.spawn("exec seq $count"))
    local counts, own, theirs = {}, 0, 0
    local function took(line)
      if line then
        counts[line] = (counts[line] or 0) + 1
      end
      return line ~= nil
    end
    local function litter()
      getmetatable(newproxy(true)).__gc = function()
        if proc and took((proc:stdout_read_line())) then
          theirs = theirs + 1
        end
      end
    end
    collectgarbage("setpause", 0)
    local last = 0
    litter()
    $loop
      took(line)
      own = own + 1
      local number = tonumber(line)
      assert(number and number > last, "no line, or not in order")
      last = number
      litter()
    end
    for number = 1, $count do
      assert(counts[tostring(number)] == 1, number .. " came " .. (counts[tostring(number)] or 0) .. " times")
    end
    assert(own > 0 and theirs > 0 and own + theirs == $count)
    proc = nil
  ]]

  for name, loop in pairs {
    stdout_read_line = "for line in function() return (proc:stdout_read_line()) end do",
    stdout_lines = "for line in proc:stdout_lines() do",
  } do
    for _, compiled in ipairs { "on", "off" } do
      it(("take no line of %s away, and give none twice, with the compiler %s"):format(name, compiled), function()
        local text = script:gsub("%$(%w+)", { count = count, loop = loop })
        assert.equal("", host.output(("jit.%s()\n"):format(compiled) .. text))
      end)
    end
  end
end)
