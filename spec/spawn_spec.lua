-- What pipe.spawn takes, and what it throws when the caller is wrong.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local nan, infinity = 0 / 0, 1 / 0

local function output(args, options)
  local proc = assert(pipe.spawn(args, options))
  local text = proc:stdout_read_all()
  assert.is_true((proc:wait()))
  return text
end

describe("pipe.spawn", function()
  describe("takes an array:", function()
    it("the program and its arguments, without a shell between", function()
      assert.equal("$HOME * 'a b'\n", output({ "echo", "$HOME", "*", "'a b'" }))
    end)

    it("none of which a shell ever sees, whatever is in them", function()
      -- What a shell would do something with, or stumble over; each would leave a mark.
      local marker = os.tmpname()
      os.remove(marker)
      local touch = "touch " .. marker
      local args = {
        "; " .. touch, "| " .. touch, "& " .. touch, "$(" .. touch .. ")", "`" .. touch .. "`", "> " .. marker,
        "\n" .. touch .. "\n", "'", '"', "\\", "*", "~", "$HOME", "${IFS}", "#", "!!", "-c", "--", "", " ", "\t",
      }
      local script = [[ $, = "\1"; print getppid, @ARGV ]]
      local expected = libc.C.getpid() .. "\1" .. table.concat(args, "\1")
      assert.equal(expected, output({ "perl", "-e", script, "--", unpack(args) }))
      assert.equal(expected, pipe.run({ "perl", "-e", script, "--", unpack(args) }).stdout)
      assert.equal(expected, (select(2, pipe.shell.run({ "perl", "-e", script, "--", unpack(args) }))))
      local stages = assert(pipe.pipeline({ { "true" }, { "perl", "-e", script, "--", unpack(args) } }))
      assert.equal(expected, stages:stdout_read_all())
      assert.is_true((stages:wait()))
      for _, name in ipairs { touch, "sh -c true", "$(" .. touch .. ")" } do
        assert.same({ nil, ("failed to spawn '%s': No such file or directory"):format(name), "ENOENT" },
          { pipe.spawn({ name }) })
      end
      assert.is_nil(io.open(marker))
    end)

    it("strings and numbers alike", function()
      assert.equal("1 2.5 -3\n", output({ "echo", 1, 2.5, "-3" }))
    end)

    it("and leaves the caller's table as it was", function()
      local args = { "echo", 1, 2.5 }
      output(args)
      assert.same({ "echo", 1, 2.5 }, args)
      assert.equal("number", type(args[2]))
    end)

    it("which ends at its first nil", function()
      assert.equal("one\n", output({ "echo", "one", nil, "three" }))
      assert.equal("one\n", output({ "echo", "one", nil, false }))
    end)

    it("in which an empty string is an argument", function()
      assert.equal("<><>\n", output({ "sh", "-c", 'echo "<$1><$2>"', "sh", "", "" }))
    end)

    it("with any byte but NUL", function()
      local bytes = {}
      for byte = 1, 255 do
        bytes[byte] = string.char(byte)
      end
      local text = table.concat(bytes)
      assert.equal(text, output({ "printf", "%s", text }))
    end)

    it("of a thousand arguments", function()
      local args, expected = { "printf", "%s," }, {}
      for number = 1, 1000 do
        args[#args + 1] = number
        expected[number] = number .. ","
      end
      assert.equal(table.concat(expected), output(args))
    end)

    it("whose first element is also the child's own name", function()
      assert.equal("sh\n", output({ "sh", "-c", "echo $0" }))
    end)
  end)

  describe("takes a string:", function()
    it("a command for the shell", function()
      assert.equal("1 2\n", output("x=1; echo $x $((x + 1)) | cat"))
    end)

    it("run by /bin/sh -c, as os.execute does", function()
      assert.equal("/bin/sh\n", output("echo $0"))
    end)

    it("which may begin with a dash", function()
      local proc = assert(pipe.spawn("-no-such-program 2>/dev/null"))
      assert.same({ false, "exit", 127 }, { proc:wait() })
    end)

    it("which may be empty", function()
      assert.same({ true, "exit", 0 }, { assert(pipe.spawn("")):wait() })
    end)
  end)

  it("takes options, or nil for none", function()
    assert.equal("x\n", output({ "echo", "x" }, nil))
    assert.equal("x\n", output({ "echo", "x" }, {}))
    assert.equal("x\n", output("echo x", { merge_stderr = true }))
  end)

  it("ignores options that it does not know", function()
    assert.equal("x\n", output({ "echo", "x" }, { no_such_option = {} }))
  end)

  it("takes every buffer size from one byte on, also as a numeric string", function()
    for _, size in ipairs { 1, 2, 4096, 1048576, "1", "512" } do
      assert.equal("some text\n", output({ "echo", "some text" }, { buffer_size = size }))
    end
  end)

  it("takes timeouts from 0 to the largest 32-bit number", function()
    for _, name in ipairs { "write_timeout", "stdout_read_timeout", "stderr_read_timeout", "wait_timeout" } do
      for _, ms in ipairs { 0, 1, 4294967295 } do
        local proc = assert(pipe.spawn({ "true" }, { [name] = ms }))
        proc:set_timeouts(nil, nil, nil, 0)
        assert.is_true(proc:wait())
      end
    end
  end)

  it("does not change the options", function()
    local environ = { "A=1", "A=2" }
    local options = { merge_stderr = true, buffer_size = "16", environ = environ, wait_timeout = 5000 }
    output({ "echo" }, options)
    assert.same({ merge_stderr = true, buffer_size = "16", environ = environ, wait_timeout = 5000 }, options)
    assert.same({ "A=1", "A=2" }, environ)
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  -- Nothing has been started, not even for a moment: there is no child right after the call.
  local function rejected(text, args, options)
    thrown(text, pipe.spawn, args, options)
    assert.same({}, leaks.children())
  end

  it("when args is neither a table nor a string", function()
    rejected("bad args arg: table expected, got nil", nil)
    rejected("bad args arg: table expected, got number", 1)
    rejected("bad args arg: table expected, got boolean", true)
    rejected("bad args arg: table expected, got function", print)
  end)

  it("when args is empty", function()
    rejected("bad args arg: non-empty table expected", {})
    rejected("bad args arg: non-empty table expected", { nil, "ls" })
    rejected("bad args arg: non-empty table expected", { name = "ls" })
  end)

  it("when an argument is neither a string nor a number", function()
    rejected("bad value at index 2 of args arg: string expected, got boolean", { "ls", true })
    rejected("bad value at index 1 of args arg: string expected, got boolean", { false, "ls" })
    rejected("bad value at index 3 of args arg: string expected, got table", { "ls", "-l", {} })
    rejected("bad value at index 2 of args arg: string expected, got function", { "ls", print })
  end)

  it("when opts is not a table", function()
    rejected("bad opts arg: table expected, got string", { "ls" }, "opts")
    rejected("bad opts arg: table expected, got number", { "ls" }, 1)
    rejected("bad opts arg: table expected, got boolean", "ls", true)
  end)

  it("when buffer_size is not a whole number from 1 on", function()
    for _, size in ipairs { 0, -1, 1.5, nan, infinity, -infinity, "0", "-1", "1.5", "many", "", {}, true, print } do
      rejected("bad buffer_size option", { "ls" }, { buffer_size = size })
    end
  end)

  for _, name in ipairs { "write_timeout", "stdout_read_timeout", "stderr_read_timeout", "wait_timeout" } do
    it("when " .. name .. " is not a number of milliseconds from 0 to 2^32 - 1", function()
      for _, ms in ipairs { -1, -0.5, 4294967296, nan, infinity, -infinity, "100", "soon", {}, true } do
        rejected("bad " .. name .. " option", { "ls" }, { [name] = ms })
      end
    end)
  end

  it("when environ is not a table", function()
    rejected("bad environ option: table expected, got string", { "ls" }, { environ = "A=1" })
    rejected("bad environ option: table expected, got number", { "ls" }, { environ = 1 })
    rejected("bad environ option: table expected, got boolean", { "ls" }, { environ = true })
  end)

  it("when an element of environ is not a string", function()
    local text = "bad value at index %d of environ option: string expected, got %s"
    rejected(text:format(2, "number"), { "ls" }, { environ = { "A=1", 2 } })
    rejected(text:format(1, "table"), { "ls" }, { environ = { {} } })
  end)

  it("when an element of environ is not of the form name=[value]", function()
    local form = "bad value at index %d of environ option: 'name=[value]' format expected, got '%s'"
    rejected(form:format(1, "=1"), { "ls" }, { environ = { "=1" } })
    rejected(form:format(1, "A"), { "ls" }, { environ = { "A" } })
    rejected(form:format(2, ""), { "ls" }, { environ = { "A=1", "" } })
    rejected(form:format(1, "="), { "ls" }, { environ = { "=" } })
  end)

  it("when a NUL byte would cut something off", function()
    rejected("bad value at index 1 of args arg: string without NUL expected", { "ls\0-l" })
    rejected("bad value at index 2 of args arg: string without NUL expected", { "ls", "a\0b" })
    rejected("bad value at index 3 of args arg: string without NUL expected", { "ls", "a", "\0" })
    rejected("bad args arg: string without NUL expected", "ls\0")
    rejected("bad value at index 1 of environ option: string without NUL expected", { "ls" }, { environ = { "A=\0" } })
    rejected("bad value at index 2 of environ option: string without NUL expected", { "ls" },
      { environ = { "A=1", "B\0=2" } })
  end)
end)
