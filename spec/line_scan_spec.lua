-- However long a line is, and in however many pieces it comes: Lua looks at each byte once at most, as the core does
-- (csrc/test/framing_test.cc), so that the time for a line grows with its length and not with the square of it.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

-- Counts the bytes that Lua's search for an LF has looked at, in `scanned`.
local count = [[
  local scanned = 0
  local C = require "pipe.clib"
  package.loaded["pipe.clib"] = setmetatable({
    pipe_find_byte = function(first, byte, size)
      local found = C.pipe_find_byte(first, byte, size)
      scanned = scanned + (found ~= nil and found - first + 1 or size)
      return found
    end,
  }, { __index = function(_, name) return C[name] end })
  local pipe = require "pipe"
]]

describe("Lua's search for the end of a line", function()
  it("looks at each byte once at most, of a line of 128 MiB between short ones", function()
    assert.equal("done\n", host.output(count .. [[
      local size = 128 * 1024 * 1024
      local script = ("echo one; echo two; head -c %d /dev/zero; echo; echo last"):format(size)
      local proc = assert(pipe.spawn(script, { stdout_read_timeout = 0 }))
      assert(proc:stdout_read_line() == "one")
      assert(proc:stdout_read_line() == "two")
      assert(#proc:stdout_read_line() == size)
      assert(proc:stdout_read_line() == "last")
      assert(proc:wait())
      assert(scanned <= size + #"one\ntwo\n\nlast\n", scanned)
      print "done"
    ]]))
  end)

  it("looks at each byte once at most, of lines of all lengths", function()
    assert.equal("done\n", host.output(count .. [[
      local proc = assert(pipe.spawn({ "perl", "-e", 'print "x" x $_, "\n" for 0 .. 3000' }))
      local total = 0
      for length = 0, 3000 do
        assert(#proc:stdout_read_line() == length)
        total = total + length + 1
      end
      assert(proc:wait())
      assert(scanned <= total, scanned)
      assert(scanned > total / 2, "the core does what this is about: it proves nothing")
      print "done"
    ]]))
  end)
end)
