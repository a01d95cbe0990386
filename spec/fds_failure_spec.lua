-- The option fds when something is scarce, closed or wrong.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local numbered = require "spec.numbered"
local scarce = require "spec.scarce"
local spawning = require "spec.spawning"

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

describe("In a host with few descriptors", function()
  it("the child's numbers may go up to the limit, and not beyond", function()
    assert.equal("done\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      libc.limit(libc.RLIMIT_NOFILE, 256)
      local proc = assert(pipe.spawn("readlink /proc/$$/fd/255", { fds = { [255] = "null" } }))
      assert(proc:stdout_read_all() == "/dev/null\n")
      for _, fds in ipairs { { [256] = 0 }, { [3] = 0, [256] = 0, [2147483647] = 0 } } do
        local failed, message, code = pipe.spawn({ "true" }, { fds = fds })
        assert(failed == nil and code == "EBADF", code)
        assert(message == "failed to pass descriptor 0 as 256: Bad file descriptor", message)
      end
      print "done"
    ]])
  end)

  it("a spawn that runs out of them fails, wherever it does, and keeps none", function()
    scarce [[ { "true" }, { fds = { [3] = "null", [4] = { file = "/dev/null" }, [5] = 0, [6] = "null" } } ]]
    scarce [[ { "true" }, { stdin = "null", stdout = { file = "/dev/null" }, stderr = { file = "/dev/null" } } ]]
    scarce [[ { "true" }, { stdin = 0, stderr = "stdout", fds = { [50] = "null", [51] = "null" } } ]]
  end)

  it("whose first three are closed, the child gets what was asked for", function()
    local script = [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local kept = libc.C.open("/dev/zero", libc.O_RDONLY, 0)
      for fd = 0, 2 do
        libc.C.close(fd)
      end
      local proc = assert(pipe.spawn("readlink /proc/$$/fd/3 /proc/$$/fd/4", { fds = { [3] = kept, [4] = "null" } }))
      local text = proc:stdout_read_all()
      local file = assert(io.open("%s", "w"))
      file:write(text)
      file:close()
    ]]
    assert.equal(0, host.run(script:format(path("answer"))).status)
    assert.equal("/dev/zero\n/dev/null\n", files.read(path("answer")))
  end)
end)

describe("A descriptor that cannot be passed fails the spawn:", function()
  local EBADF = "failed to pass descriptor %d as %d: Bad file descriptor"

  it("one that is closed", function()
    refused(EBADF:format(CLOSED, 5), "EBADF", { fds = { [5] = CLOSED } })
    refused(EBADF:format(CLOSED, CLOSED), "EBADF", { fds = { [CLOSED] = CLOSED } })
    refused(EBADF:format(CLOSED, CLOSED), "EBADF", { fds = { [CLOSED] = "inherit" } })
  end)

  it("one that is closed among good ones, before and after it", function()
    refused(EBADF:format(CLOSED, 5), "EBADF", { fds = { [3] = 0, [4] = "null", [5] = CLOSED, [6] = 1, [7] = "null" } })
  end)

  it("one that is closed, but is the lowest number, which the spawn's own pipes would take", function()
    local lowest = libc.C.open("/dev/null", libc.O_RDONLY, 0)
    libc.C.close(lowest)
    refused(EBADF:format(lowest, 5), "EBADF", { fds = { [5] = lowest } })
    refused(EBADF:format(lowest, lowest), "EBADF", { fds = { [lowest] = lowest } })
    refused(EBADF:format(lowest, lowest), "EBADF", { fds = { [lowest] = "inherit" } })
  end)

  it("one that is closed, but is another's number in the child", function()
    refused(EBADF:format(CLOSED, 5), "EBADF", { fds = { [5] = CLOSED, [CLOSED] = 0 } })
  end)

  it("a file that cannot be opened", function()
    refused("failed to open '/no/such': No such file or directory", "ENOENT",
      { fds = { [3] = "null", [4] = { file = "/no/such" }, [5] = "null" } })
  end)

  it("and whatever there is when the program cannot be executed", function()
    local close = numbered.open(directory, { 100, 101 })
    local before = numbered.state({ 100, 101 })
    refused("failed to spawn 'no-such': No such file or directory", "ENOENT",
      { fds = { [100] = 101, [101] = 100, [3] = "null", [4] = { file = path("at 100") } } }, { "no-such" })
    assert.same(before, numbered.state({ 100, 101 }))
    close()
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when fds is not a table", function()
    for _, value in ipairs { 3, "null", true, print } do
      rejected("bad fds option: ", { fds = value })
    end
  end)

  it("when a number in fds is not a whole one from 3 on", function()
    for _, number in ipairs { 0, 1, 2, -1, 3.5, infinity, -infinity, 2 ^ 31, "3", "stdin", true, print } do
      rejected("bad fds option: ", { fds = { [number] = "null" } })
    end
    rejected("bad fds option: ", { fds = { "null" } })
  end)

  it("when a value in fds is nothing that can be passed", function()
    for _, value in ipairs { "pipe", "stdout", "", "bogus", true, false, print, {}, -1, 1.5, nan, infinity } do
      rejected("bad fds option: ", { fds = { [3] = value } })
    end
    local file = io.tmpfile()
    file:close()
    rejected("bad fds option: ", { fds = { [3] = file } })
  end)

  it("when a file in fds has no path or a strange mode, and then no file has been made", function()
    for _, file in ipairs { 1, true, "a\0b" } do
      rejected("bad fds option: ", { fds = { [3] = { file = file } } })
    end
    for _, mode in ipairs { "", "x", "rw", "r+", 1, true } do
      rejected("bad fds option: ", { fds = { [3] = { file = path("never"), mode = mode } } })
    end
    rejected("bad fds option: ", { fds = { [3] = { file = path("never"), mode = "w" }, [4] = "bogus" } })
    assert.is_nil(files.read(path("never")))
  end)
end)
