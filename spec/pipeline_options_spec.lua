-- pipe.pipeline's options, and where its bytes go.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

local ffi = require "ffi"

setup(leaks.remember)
teardown(leaks.check)

local function pipeline(stages, options)
  return assert(pipe.pipeline(stages, options))
end

describe("The options of pipe.pipeline", function()
  it("hold for every stage, but where a stage has its own cwd or env", function()
    local print = "cat; echo $(pwd) $NAME $OTHER"
    local p = pipeline({
      print, { "sh", "-c", print, cwd = "/usr" }, { "sh", "-c", print, env = { NAME = "own" } },
    }, { cwd = "/", env = { NAME = "all", OTHER = "other" }, stdin = "null" })
    local lines = {}
    for line in p:stdout_lines() do
      lines[#lines + 1] = line
    end
    assert.equal("/ all other", lines[1])
    assert.equal("/usr all other", lines[2])
    assert.equal("/ own", lines[3]:match("^/ own"))
    assert.is_true((p:wait()))
  end)

  it("open a file for stderr once, for all stages", function()
    local path = os.tmpname()
    for _, mode in ipairs { "w", "a" } do
      local p = pipeline({ "echo one >&2", "cat; echo a longer one >&2" }, { stderr = { file = path, mode = mode } })
      p:shutdown("stdin")
      assert.is_true((p:wait()))
    end
    local file = assert(io.open(path))
    assert.equal(("one\na longer one\n"):rep(2), file:read("*a"))
    file:close()
    os.remove(path)
    assert.same({ nil, "failed to open '/no/such': No such file or directory", "ENOENT" },
      { pipe.pipeline({ "true", "true" }, { stderr = { file = "/no/such" } }) })
  end)

  it("open that file as pipe.spawn does: a FIFO that nobody reads is refused", function()
    local path = os.tmpname()
    os.remove(path)
    assert.equal(0, libc.C.mkfifo(path, 384))
    local options = { stderr = { file = path } }
    local expected = { nil, ("failed to open '%s': No such device or address"):format(path), "ENXIO" }
    assert.same(expected, { pipe.spawn("echo lost >&2", options) })
    assert.same(expected, { pipe.pipeline({ "echo lost >&2", "true" }, options) })
    local fd = libc.C.open(path, libc.O_RDWR, 0)
    local p = pipeline({ "echo one >&2", "cat; echo two >&2" }, options)
    p:shutdown("stdin")
    assert.is_true((p:wait()))
    local text = ffi.new("char[16]")
    assert.equal("one\ntwo\n", ffi.string(text, libc.C.read(fd, text, 16)))
    libc.C.close(fd)
    os.remove(path)
  end)

  it("open that file for writing alone: it need not be readable", function()
    assert.equal("Err\nErr\n\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local pipeline = pipe.pipeline
      if libc.C.geteuid() == 0 then
        assert(libc.C.setuid(65534) == 0) -- root may read all
      end
      local path = os.tmpname()
      assert(libc.C.chmod(path, 128) == 0)
      for _, mode in ipairs { "w", "a" } do
        local p = assert(pipeline({ "printf E >&2", "cat; echo rr >&2" }, { stderr = { file = path, mode = mode } }))
        p:shutdown("stdin")
        assert(p:wait())
      end
      assert(libc.C.chmod(path, 256) == 0)
      print(io.open(path):read("*a"))
      os.remove(path)
    ]])
  end)

  it("open that file also where garbage holds the last descriptors", function()
    assert.equal("true\n", host.output [[
      local pipe = require "pipe"
      local pipeline = pipe.pipeline
      collectgarbage("stop")
      for _ = 1, 4 do
        assert(pipe.spawn({ "cat" }))
      end
      require "spec.full_table" (64)
      local p = assert(pipeline({ { "true" } }, { stderr = { file = "/dev/null" } }))
      print((p:wait()))
    ]])
  end)

  it("do not open that file as a stage's stdin in a host that has closed its own", function()
    assert.equal("nil\tfailed to pass descriptor 0 as stdin: Bad file descriptor\tEBADF\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      libc.C.close(0)
      print(pipe.pipeline({ { "cat" } }, { stdin = "inherit", stderr = { file = "/dev/null" } }))
    ]])
  end)

  it("refuse a number that the host has closed, which the pipes between the stages would take", function()
    local free = libc.C.open("/dev/null", libc.O_RDONLY, 0)
    libc.C.close(free)
    local stages = { { "true" }, { "true" } }
    for _, name in ipairs { "stdin", "stdout", "stderr" } do
      assert.same({ nil, ("failed to pass descriptor %d as %s: Bad file descriptor"):format(free, name), "EBADF" },
        { pipe.pipeline(stages, { [name] = free }) })
    end
    assert.same({ nil, ("failed to pass descriptor %d as 5: Bad file descriptor"):format(free), "EBADF" },
      { pipe.pipeline(stages, { fds = { [5] = free } }) })
  end)

  it("make the pipes between stages as large as pipe_size asks", function()
    local size = { "perl", "-e", "print fcntl(STDIN, 1032, 0)" } -- F_GETPIPE_SZ
    assert.equal("4096", pipeline({ { "cat" }, size }, { pipe_size = 4096, stdin = "null" }):stdout_read_all())
  end)

  it("may send the first one's stdin and the last one's stdout elsewhere", function()
    local from, to = os.tmpname(), os.tmpname()
    local file = assert(io.open(from, "w"))
    file:write("text\n")
    file:close()
    local p = pipeline({ { "tr", "a-z", "A-Z" }, { "cat" } }, { stdin = { file = from }, stdout = { file = to } })
    assert.is_true((p:wait()))
    assert.same({ nil, "not a pipe", 0 }, { p:write("text") })
    assert.same({ nil, "not a pipe" }, { p:stdout_read_line() })
    file = assert(io.open(to))
    assert.equal("TEXT\n", file:read("*a"))
    file:close()
    os.remove(from)
    os.remove(to)
  end)

  local talking = { "echo one >&2", "cat; echo two >&2", "cat; echo three >&2" }

  it("join all stages' stderr in one pipe where that is asked for", function()
    local p = pipeline(talking, { stderr = "pipe" })
    local lines = {}
    for _ = 1, 3 do
      lines[#lines + 1] = p:stderr_read_line()
    end
    table.sort(lines)
    assert.same({ "one", "three", "two" }, lines)
    assert.same({ nil, "closed", "" }, { p:stderr_read_line() })
    assert.equal("", p:stderr_read_all())
    assert.equal("", p:stdout_read_all())
    assert.is_true((p:wait()))
  end)

  it("end that stderr when the last of the stages has gone, not before", function()
    local p = pipeline({ "cat; echo last >&2", "exec <&-; exit 3" }, { stderr = "pipe", stdout = "null" })
    libc.await_exit(p:pids()[2])
    p:shutdown("stdin")
    assert.equal("last\n", p:stderr_read_all())
  end)

  it("take any amount of stderr", function()
    local flood = "head -c 1000000 /dev/zero >&2"
    local p = pipeline({ flood, flood }, { stderr = "pipe" })
    assert.equal(2000000, #p:stderr_read_all())
    assert.is_true((p:wait()))
  end)

  it("leave stderr to the host's where nothing is said", function()
    local result = host.run(([[
      local pipe = require "pipe"
      local p = assert(pipe.pipeline({ %q, %q, %q }))
      assert(p:wait())
      local line, message = p:stderr_read_line()
      print(line, message)
    ]]):format(unpack(talking)))
    assert.same({ "nil\tnot a pipe\n", 0 }, { result.stdout, result.status })
    for _, word in ipairs { "one\n", "two\n", "three\n" } do
      assert.is_truthy(result.stderr:find(word, 1, true))
    end
    assert.equal(#"one\ntwo\nthree\n", #result.stderr)
  end)

  it("send stderr nowhere where that is asked for", function()
    assert.equal("nil\tnot a pipe\n", host.output(([[
      local pipe = require "pipe"
      local p = assert(pipe.pipeline({ %q, %q, %q }, { stderr = "null" }))
      assert(p:wait())
      local line, message = p:stderr_read_line()
      print(line, message)
    ]]):format(unpack(talking))))
  end)

  it("set the timeouts of reads and writes", function()
    local p = pipeline({ { "sleep", "1000" }, { "cat" } },
      { write_timeout = 1, stdout_read_timeout = 1, stderr_read_timeout = 1, stderr = "pipe" })
    assert.same({ nil, "timeout", "" }, { p:stdout_read_line() })
    assert.same({ nil, "timeout", "" }, { p:stderr_read_line() })
    assert.equal("timeout", (select(2, p:write(("x"):rep(1048576)))))
  end)
end)

describe("The bytes of a pipeline", function()
  it("do not pass through the host: they flow while its loop stands still", function()
    local size, to = 10000000, os.tmpname()
    local p = pipeline({ { "head", "-c", size, "/dev/zero" }, { "tr", "\\000", "x" }, { "cat" } },
      { stdout = { file = to } })
    for _, pid in ipairs(p:pids()) do
      libc.await_exit(pid)
    end
    local file = assert(io.open(to))
    assert.is_true(file:read("*a") == ("x"):rep(size))
    file:close()
    os.remove(to)
    assert.is_true((p:wait()))
  end)

  it("have no end in the host but the first stdin, the last stdout and the shared stderr", function()
    local function pipes()
      local count = 0
      for _, target in pairs(leaks.descriptors()) do
        count = count + (target:find("^pipe:") and 1 or 0)
      end
      return count
    end
    leaks.collect()
    local before = pipes()
    local p = pipeline({ { "cat" }, { "cat" }, { "cat" }, { "cat" } })
    assert.equal(before + 2, pipes())
    p:close()
    assert.equal(before, pipes())
    p = pipeline({ { "cat" }, { "cat" }, { "cat" }, { "cat" } }, { stderr = "pipe" })
    assert.equal(before + 3, pipes())
    p:close()
    assert.equal(before, pipes())
  end)

  it("have no end in a stage that is none of its business", function()
    -- Descriptor 3 is the one by which ls reads the directory.
    for position = 1, 3 do
      local stages = { { "cat" }, { "cat" }, { "cat" } }
      stages[position] = { "ls", "/proc/self/fd" }
      local p = pipeline(stages, { stderr = "pipe", stdin = "null" })
      assert.equal("0\n1\n2\n3\n", p:stdout_read_all())
    end
  end)
end)
