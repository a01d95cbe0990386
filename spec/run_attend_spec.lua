-- How a run is served by whoever runs it, and where the crew takes over: nothing is lost in between, and nothing is
-- left behind.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local reader = require "pipe.reader"

setup(leaks.remember)
teardown(leaks.check)

describe("pipe.run", function()
  it("that throws while it reads leaves nothing that wakes its light thread later", function()
    local take = reader.take
    local err, slept_shorter, all_in_order
    local th = pipe.thread.spawn(function()
      reader.take = function()
        reader.take = take
        error("not enough memory", 0)
      end
      err = select(2, pcall(pipe.run, { "echo", "text" }))
      local other = pipe.thread.spawn(function()
        pipe.sleep(0.01)
        slept_shorter = true
      end)
      pipe.sleep(0.02)
      all_in_order = slept_shorter
      pipe.thread.wait(other)
    end)
    assert.is_true((pipe.thread.wait(th)))
    assert.equal("not enough memory", err)
    assert.is_true(all_in_order)
  end)

  for size = 4095, 4098 do
    it("goes on when the child reads none of an input of " .. size .. " bytes", function()
      local res = pipe.run({ "true" }, { input = ("x"):rep(size) })
      assert.is_true(res.ok)
    end)

    it("feeds an input of " .. size .. " bytes", function()
      local res = pipe.run({ "wc", "-c" }, { input = ("x"):rep(size) })
      assert.equal(size, tonumber(res.stdout))
    end)
  end

  it("cuts the one output that is too long, and gives the other one", function()
    local res = pipe.run("echo out; echo too long >&2", { max_output = 5 })
    assert.same({ "out\n", "too l", true }, { res.stdout, res.stderr, res.truncated })
  end)

  it("ends its child when the light thread that serves it is killed", function()
    local reading, writing = libc.pipe()
    local th = pipe.thread.spawn(pipe.run, { "sleep", "1000" }, { fds = { [3] = writing } })
    libc.C.close(writing)
    assert.is_true(pipe.thread.kill(th))
    local proc = assert(pipe.spawn({ "cat" }, { stdin = reading })) -- which ends when nobody has the other end any more
    libc.C.close(reading)
    assert.equal("", proc:stdout_read_all())
    assert.is_true((proc:wait()))
  end)
end)

describe("The arguments of a program", function()
  local function passed(...)
    local lines = {}
    for line in assert(pipe.spawn({ "printf", "%s\\n", ... })):stdout_lines() do
      lines[#lines + 1] = line
    end
    return lines
  end

  it("arrive, however many they are", function()
    local args = {}
    for count = 1, 6 do
      args[count] = "argument " .. count
      assert.same(args, passed(unpack(args)))
    end
  end)

  it("may be numbers, at any place", function()
    assert.same({ "1", "two", "3" }, passed(1, "two", 3))
    assert.same({ "one", "2" }, passed("one", 2))
  end)

  it("end with the first nil", function()
    assert.equal("a\n", pipe.run({ "echo", "a", nil, "b" }).stdout)
  end)

  it("may have no NUL, at any place", function()
    for place = 1, 6 do
      local args = { "echo", "b", "c", "d", "e", "f" }
      args[place] = "a\0b"
      assert.has_error(function() pipe.spawn(args) end,
        ("bad value at index %d of args arg: string without NUL expected"):format(place))
    end
  end)
end)
