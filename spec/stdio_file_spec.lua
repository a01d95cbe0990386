-- stdin, stdout and stderr as { file = path, mode = }.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local spawning = require "spec.spawning"
local streams = require "spec.streams"

local rejected, refused, output = spawning.rejected, spawning.refused, spawning.output

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

local function path(name)
  return directory .. "/" .. name
end

local names = { [0] = "stdin", "stdout", "stderr" }

-- Runs a child to its end.
local function run(args, options)
  local proc = assert(pipe.spawn(args, options))
  assert.same({ true, "exit", 0 }, { proc:wait() })
end

describe("A file as stdin", function()
  it("is read by the child", function()
    assert.equal("one\ntwo\n", output({ "cat" }, { stdin = { file = files.write(path("input"), "one\ntwo\n") } }))
  end)

  it("may be what another child has written", function()
    run({ "seq", "1000" }, { stdout = { file = path("numbers") } })
    assert.equal("1000\n", output({ "wc", "-l" }, { stdin = { file = path("numbers") } }))
  end)

  it("may be a device", function()
    assert.equal(("\0"):rep(10), output({ "head", "-c", "10" }, { stdin = { file = "/dev/zero" } }))
  end)
end)

for _, stream in ipairs(streams) do
  describe("A file as " .. stream.name, function()
    -- The file's text after a child has written to it.
    local function after(script, file)
      assert.same({ true, "exit", 0 }, { stream.sh(script, { [stream.name] = file }):wait() })
      return files.read(file.file)
    end

    it("is made if it is missing", function()
      assert.equal("text\n", after("echo text", { file = path(stream.name) }))
    end)

    it("is emptied first, by default and with mode w", function()
      local name = files.write(path(stream.name), "a long text from before")
      assert.equal("text\n", after("echo text", { file = name }))
      assert.equal("again\n", after("echo again", { file = name, mode = "w" }))
      assert.equal("", after(":", { file = name }))
    end)

    it("is appended to with mode a", function()
      local name = path("appended " .. stream.name)
      assert.equal("one\n", after("echo one", { file = name, mode = "a" }))
      assert.equal("one\ntwo\n", after("echo two", { file = name, mode = "a" }))
    end)

    it("may be appended to by several children at a time", function()
      local name, children = path("several " .. stream.name), {}
      for number = 1, 8 do
        children[number] = stream.sh("for i in 1 2 3 4 5; do echo line; done",
          { [stream.name] = { file = name, mode = "a" } })
      end
      for _, proc in ipairs(children) do
        assert.is_true((proc:wait()))
      end
      assert.equal(("line\n"):rep(40), files.read(name))
    end)

    it("leaves the other output a pipe", function()
      local proc = stream.sh("exec 3>&1; echo filed; [ /proc/self/fd/3 -ef /proc/self/fd/1 ]",
        { [stream.name] = { file = path("filed") } })
      assert.equal("", streams[stream.name == "stdout" and 2 or 1].read_all(proc))
      assert.is_true((proc:wait()))
      assert.equal("filed\n", files.read(path("filed")))
    end)

    it("that takes nothing is the child's trouble", function()
      local proc = stream.sh("echo text 2>/dev/null", { [stream.name] = { file = "/dev/full" } })
      assert.is_false((proc:wait()))
    end)
  end)
end

describe("A file that is passed", function()
  local O_ACCMODE = 3

  it("is opened as its mode says, and blocks", function()
    for fd, name in pairs(names) do
      for mode, expected in pairs { r = libc.O_RDONLY, w = libc.O_WRONLY, a = libc.O_WRONLY + libc.O_APPEND } do
        local file = files.write(path("mode"), "")
        local text = path("flags")
        run(("(cat /proc/$$/fdinfo/%d >%s); :"):format(fd, text), { [name] = { file = file, mode = mode } })
        local flags = tonumber(files.read(text):match("flags:%s*(%d+)"), 8)
        assert.equal(expected, bit.band(flags, O_ACCMODE + libc.O_APPEND + libc.O_NONBLOCK))
      end
    end
  end)

  it("is opened for reading by default as stdin, for writing as the others", function()
    for fd, name in pairs(names) do
      local file, text = files.write(path("mode"), ""), path("flags")
      run(("(cat /proc/$$/fdinfo/%d >%s); :"):format(fd, text), { [name] = { file = file } })
      local flags = tonumber(files.read(text):match("flags:%s*(%d+)"), 8)
      assert.equal(fd == 0 and libc.O_RDONLY or libc.O_WRONLY, bit.band(flags, O_ACCMODE + libc.O_APPEND))
    end
  end)

  it("is made with what the host's umask leaves of 0666", function()
    local saved = libc.C.umask(0)
    for umask, expected in pairs { [0] = "666\n", [18] = "644\n", [63] = "600\n" } do
      libc.C.umask(umask)
      local name = path("umask " .. umask)
      run({ "true" }, { stdout = { file = name } })
      assert.equal(expected, output({ "stat", "-c", "%a", name }))
    end
    libc.C.umask(saved)
  end)

  it("is relative to the host's directory, whatever cwd is", function()
    local relative = files.relative(path("relative"))
    run({ "echo", "text" }, { stdout = { file = relative }, cwd = "/" })
    assert.equal("text\n", files.read(path("relative")))
    assert.equal("text\n", output({ "cat" }, { stdin = { file = relative }, cwd = directory }))
  end)

  it("may have any name", function()
    for _, name in ipairs { "two words", "-n", "line\nbreak", "\255\1", "$HOME" } do
      run({ "echo", "text" }, { stdout = { file = path(name) } })
      assert.equal("text\n", files.read(path(name)))
    end
  end)

  it("is not open in the host", function()
    spawning.leaves_nothing(function()
      local proc = assert(pipe.spawn({ "cat" },
        { stdin = { file = path("input") }, stdout = { file = path("output") }, stderr = { file = path("error") } }))
      assert.is_true((proc:wait()))
    end)
  end)

  it("may be one for both outputs", function()
    local file = { file = path("both"), mode = "a" }
    run("echo one; echo two >&2; echo three", { stdout = file, stderr = file })
    assert.equal("one\ntwo\nthree\n", files.read(path("both")))
  end)
end)

describe("A FIFO", function()
  local fifo

  before_each(function()
    fifo = path("fifo")
    os.remove(fifo)
    assert.equal(0, libc.C.mkfifo(fifo, 384))
  end)

  it("without a reader fails the spawn at once, and never hangs", function()
    for _, name in ipairs { "stdout", "stderr" } do
      for _, mode in ipairs { "w", "a" } do
        refused(("failed to open '%s': No such device or address"):format(fifo), "ENXIO",
          { [name] = { file = fifo, mode = mode } })
      end
    end
  end)

  it("without a writer is opened at once, and is at its end", function()
    assert.equal("", output({ "cat" }, { stdin = { file = fifo } }))
  end)

  it("with a writer gives what that writes", function()
    local fd = libc.C.open(fifo, libc.O_RDWR + libc.O_CLOEXEC, 0)
    local proc = assert(pipe.spawn({ "cat" }, { stdin = { file = fifo } }))
    assert.equal(4, libc.C.write(fd, "text", 4))
    assert.equal("text", proc:stdout_read_bytes(4))
    -- The child's descriptor blocks: it waits for more.
    assert.same({ nil, "running" }, { proc:try_wait() })
    libc.C.close(fd)
    assert.equal("", proc:stdout_read_all())
    assert.is_true((proc:wait()))
  end)

  it("with a reader takes what the child writes", function()
    local reader = assert(pipe.spawn("exec cat <" .. fifo))
    local fd = libc.C.open(fifo, libc.O_RDWR + libc.O_CLOEXEC, 0)
    run({ "echo", "text" }, { stdout = { file = fifo } })
    assert.equal("text", reader:stdout_read_line())
    libc.C.close(fd)
    assert.is_true((reader:wait()))
  end)
end)

describe("A file that cannot be opened fails the spawn, and is named:", function()
  for _, name in pairs(names) do
    local function fails(file, reason, code, mode)
      for _, program in ipairs { "true", "no-such" } do
        refused(("failed to open '%s': %s"):format(file, reason), code, { [name] = { file = file, mode = mode } },
          { program })
      end
    end

    it("one that is missing, as " .. name, function()
      fails("/no/such", "No such file or directory", "ENOENT")
      fails(path("missing"), "No such file or directory", "ENOENT", "r")
      fails("", "No such file or directory", "ENOENT")
    end)

    it("a directory that is to be written to, as " .. name, function()
      fails(directory, "Is a directory", "EISDIR", "w")
      fails(directory, "Is a directory", "EISDIR", "a")
    end)

    it("one below a file, as " .. name, function()
      fails("/etc/passwd/file", "Not a directory", "ENOTDIR")
    end)

    it("one whose name is too long, as " .. name, function()
      fails("/" .. ("x"):rep(300), "File name too long", "ENAMETOOLONG")
    end)
  end

  it("one that the host may not open", function()
    assert.equal("done\n", host.output(([[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      assert(assert(pipe.spawn({ "true" })):wait())
      if libc.C.geteuid() == 0 then
        assert(libc.C.setuid(65534) == 0)
      end
      local proc, message, code = pipe.spawn({ "true" }, { stdout = { file = "%s" } })
      assert(proc == nil and code == "EACCES")
      assert(message == "failed to open '%s': Permission denied", message)
      print "done"
    ]]):format(files.write(path("private"), "", 0), path("private"))))
  end)

  it("the third, when two have been opened", function()
    files.write(path("first"), "")
    refused("failed to open '/no/such': No such file or directory", "ENOENT",
      { stdin = { file = path("first") }, stdout = { file = path("second") }, stderr = { file = "/no/such" } })
  end)
end)

describe("A host that has run out of descriptors", function()
  it("collects what garbage holds, and tries again", function()
    assert.equal("done\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      libc.limit(libc.RLIMIT_NOFILE, 64)
      collectgarbage("stop")
      for _ = 1, 200 do
        assert(pipe.spawn({ "cat" }, { stderr = { file = "/dev/null" } }))
      end
      print "done"
    ]])
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  for _, name in pairs(names) do
    local head = "bad " .. name .. " option: "

    it("when the file of " .. name .. " is no path", function()
      for _, file in ipairs { 1, true, {}, print, "a\0b", "\0" } do
        rejected(head, { [name] = { file = file } })
      end
      rejected(head, { [name] = { mode = "w" } })
      rejected(head, { [name] = { path("unnamed") } })
    end)

    it("when the mode of " .. name .. " is not r, w or a, and then no file has been made", function()
      for _, mode in ipairs { "", "x", "rw", "r+", "w+", "wb", "W", 1, true, {} } do
        rejected(head, { [name] = { file = path("never"), mode = mode } })
      end
      assert.is_nil(files.read(path("never")))
    end)
  end

  it("and no file has been made or emptied when another option is bad", function()
    local kept = files.write(path("kept"), "text")
    rejected("bad stderr option: ", { stdin = "null", stdout = { file = path("never") }, stderr = "bogus" })
    rejected("bad buffer_size option", { stdout = { file = kept }, buffer_size = 0 })
    rejected("bad wait_timeout option", { stderr = { file = kept }, wait_timeout = -1 })
    assert.is_nil(files.read(path("never")))
    assert.equal("text", files.read(kept))
  end)
end)
