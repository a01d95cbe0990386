-- The options stdin, stdout and stderr: "pipe", "null", descriptors, and what is none of all that.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local spawning = require "spec.spawning"
local streams = require "spec.streams"

local rejected, refused = spawning.rejected, spawning.refused

local nan, infinity = 0 / 0, 1 / 0

-- Larger than any descriptor that is open here.
local CLOSED = 777

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

local function path(name)
  return directory .. "/" .. name
end

local function open(name, flags)
  local fd = libc.C.open(path(name), flags, 0)
  assert(fd >= 0, name)
  return fd
end

local function flags_of(fd)
  return { libc.C.fcntl(fd, libc.F_GETFD, 0), libc.C.fcntl(fd, libc.F_GETFL, 0) }
end

-- Runs a child to its end.
local function run(args, options)
  local proc = assert(pipe.spawn(args, options))
  assert.same({ true, "exit", 0 }, { proc:wait() })
end

describe('"pipe"', function()
  it("is the default", function()
    local proc = assert(pipe.spawn("cat; echo text >&2", { stdin = "pipe", stdout = "pipe", stderr = "pipe" }))
    assert.equal(5, proc:write("hello"))
    assert.is_true(proc:shutdown("stdin"))
    assert.equal("hello", proc:stdout_read_all())
    assert.equal("text\n", proc:stderr_read_all())
    assert.is_true((proc:wait()))
  end)
end)

describe('"null"', function()
  it("is /dev/null for each of the three", function()
    local proc = assert(pipe.spawn("readlink /proc/$$/fd/0", { stdin = "null" }))
    assert.equal("/dev/null\n", proc:stdout_read_all())
    proc = assert(pipe.spawn("(readlink /proc/$$/fd/1 >&2); :", { stdout = "null" }))
    assert.equal("/dev/null\n", proc:stderr_read_all())
    proc = assert(pipe.spawn("readlink /proc/$$/fd/2", { stderr = "null" }))
    assert.equal("/dev/null\n", proc:stdout_read_all())
  end)

  it("is an empty stdin", function()
    assert.equal("", spawning.output({ "cat" }, { stdin = "null" }))
  end)

  for _, stream in ipairs(streams) do
    it("takes any amount from " .. stream.name .. ", and the other goes on", function()
      local proc = stream.sh("head -c 1000000 /dev/zero && exec 2>&1 1>&- && exit 3", { [stream.name] = "null" })
      assert.same({ false, "exit", 3 }, { proc:wait() })
    end)
  end

  it("for all three leaves the host with no end of anything", function()
    spawning.leaves_nothing(function()
      local proc = assert(pipe.spawn({ "true" }, { stdin = "null", stdout = "null", stderr = "null" }))
      assert.is_true((proc:wait()))
    end)
  end)
end)

describe("A descriptor number", function()
  before_each(function()
    files.write(path("input"), "one\ntwo\n")
    files.write(path("output"), "")
  end)

  it("is the child's stdin, and stays the host's", function()
    local fd = open("input", libc.O_RDONLY + libc.O_CLOEXEC)
    local before = flags_of(fd)
    assert.equal("one\ntwo\n", spawning.output({ "cat" }, { stdin = fd }))
    assert.same(before, flags_of(fd))
    assert.equal(0, libc.C.close(fd))
  end)

  for _, stream in ipairs(streams) do
    it("is the child's " .. stream.name .. ", and stays the host's", function()
      local fd = open("output", libc.O_WRONLY)
      local before = flags_of(fd)
      local proc = stream.sh("echo child", { [stream.name] = fd })
      assert.is_true((proc:wait()))
      assert.same(before, flags_of(fd))
      -- One open file for both: the host goes on where the child was.
      assert.equal(4, libc.C.write(fd, "host", 4))
      assert.equal("child\nhost", files.read(path("output")))
      assert.equal(0, libc.C.close(fd))
    end)
  end

  it("may be one for both outputs, and for all three", function()
    local fd = open("output", libc.O_RDWR)
    run("echo out; echo err >&2", { stdout = fd, stderr = fd })
    assert.equal("out\nerr\n", files.read(path("output")))
    run("echo in >&0; echo out; echo err >&2", { stdin = fd, stdout = fd, stderr = fd })
    assert.equal("out\nerr\nin\nout\nerr\n", files.read(path("output")))
    libc.C.close(fd)
  end)

  it("may be a nonblocking pipe, which stays nonblocking", function()
    local reading, writing = libc.pipe()
    for _, fd in ipairs { reading, writing } do
      assert.equal(0, libc.C.fcntl(fd, 4, libc.O_NONBLOCK))
    end
    local before = { flags_of(reading), flags_of(writing) }
    run({ "echo", "text" }, { stdout = writing })
    assert.same(before, { flags_of(reading), flags_of(writing) })
    libc.C.close(writing)
    assert.equal("text\n", spawning.output({ "cat" }, { stdin = reading }))
    assert.same(before[1], flags_of(reading))
    libc.C.close(reading)
  end)

  it("may be one of the host's own three, in any order", function()
    local result = host.run [[
      local pipe = require "pipe"
      assert(assert(pipe.spawn("echo out; echo err >&2", { stdout = 2, stderr = 1 })):wait())
    ]]
    assert.same({ "err\n", "out\n" }, { result.stdout, result.stderr })
  end)

  it("carries one child's output to the next one's input", function()
    local reading, writing = libc.pipe()
    local first = assert(pipe.spawn({ "seq", "3" }, { stdout = writing }))
    local second = assert(pipe.spawn({ "tac" }, { stdin = reading }))
    libc.C.close(reading)
    libc.C.close(writing)
    assert.equal("3\n2\n1\n", second:stdout_read_all())
    assert.is_true((first:wait()))
    assert.is_true((second:wait()))
  end)

  for number, name in pairs { [0] = "stdin", "stdout", "stderr" } do
    it("that is closed fails the spawn, as " .. name, function()
      for _, fd in ipairs { CLOSED, 2147483647 } do
        refused(("failed to pass descriptor %d as %s: Bad file descriptor"):format(fd, name), "EBADF", { [name] = fd })
      end
    end)

    it("that is closed is not mistaken for a descriptor that the spawn itself opens, as " .. name, function()
      local lowest = libc.C.open("/dev/null", libc.O_RDONLY, 0)
      libc.C.close(lowest)
      refused(("failed to pass descriptor %d as %s: Bad file descriptor"):format(lowest, name), "EBADF",
        { [name] = lowest })
      assert.is_true(number < lowest)
    end)
  end
end)

describe("What is passed", function()
  it("leaves the caller's options as they were", function()
    local redirect = { file = path("kept"), mode = "a" }
    local options = { stdin = "null", stdout = redirect, stderr = "stdout" }
    run({ "true" }, options)
    assert.same({ stdin = "null", stdout = redirect, stderr = "stdout" }, options)
    assert.same({ file = path("kept"), mode = "a" }, redirect)
  end)

  it("is left open and unchanged when the program cannot be executed", function()
    local fd = open("kept", libc.O_RDWR + libc.O_APPEND)
    local file = assert(io.open(path("kept")))
    local before = flags_of(fd)
    refused("failed to spawn 'no-such': No such file or directory", "ENOENT",
      { stdin = file, stdout = fd, stderr = { file = path("kept") } }, { "no-such" })
    assert.same(before, flags_of(fd))
    assert.is_true(file:close())
    libc.C.close(fd)
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  for _, name in ipairs { "stdin", "stdout", "stderr" } do
    it("when " .. name .. " is nothing that can be passed", function()
      local head = "bad " .. name .. " option: "
      for _, value in ipairs { "", "pipes", "PIPE", "stdin", "/etc/passwd", true, print, {}, { "file" } } do
        rejected(head, { [name] = value })
      end
      for _, fd in ipairs { -1, -infinity, 0.5, 3.7, nan, infinity, 2 ^ 31 } do
        rejected(head, { [name] = fd })
      end
      rejected(head, { [name] = coroutine.create(print) })
      rejected(head, { [name] = newproxy() })
    end)

    it("when " .. name .. " is a closed Lua file", function()
      local file = io.tmpfile()
      file:close()
      rejected("bad " .. name .. " option: ", { [name] = file })
    end)
  end

  it('when stdin or stdout is "stdout"', function()
    rejected("bad stdin option: ", { stdin = "stdout" })
    rejected("bad stdout option: ", { stdout = "stdout" })
    rejected("bad stderr option: ", { stderr = "stderr" })
  end)

  it("when merge_stderr contradicts stderr", function()
    for _, value in ipairs { "pipe", "null", "inherit", 2, io.stderr, { file = path("contradiction") } } do
      rejected("bad merge_stderr option: ", { merge_stderr = true, stderr = value })
    end
    assert.is_nil(files.read(path("contradiction")))
  end)
end)
