-- Where the library differs from ngx.pipe, on purpose: one case for each row of the table in docs/contract.md.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

local ffi = require "ffi"

setup(leaks.remember)
teardown(leaks.check)

local function script(text)
  local path = os.tmpname()
  local file = assert(io.open(path, "w"))
  file:write(text)
  file:close()
  libc.C.chmod(path, 493)
  return path
end

describe("Unlike in ngx.pipe,", function()
  it("wait throws no output away", function()
    local proc = assert(pipe.spawn("echo out; echo err >&2"))
    assert.is_true((proc:wait()))
    assert.equal("out\n", proc:stdout_read_all())
    assert.equal("err\n", proc:stderr_read_all())
  end)

  it("spawn returns the error when the program cannot be executed", function()
    assert.same({ nil, "failed to spawn 'no-such': No such file or directory", "ENOENT" },
      { pipe.spawn({ "no-such" }) })
  end)

  it("a file without #! is not run by sh", function()
    local path = script("exit 0\n")
    assert.same({ nil, "failed to spawn '" .. path .. "': Exec format error", "ENOEXEC" }, { pipe.spawn({ path }) })
    os.remove(path)
  end)

  it("starting a child does not copy the host's memory", function()
    -- After a fork, each page of the parent's that is written again costs a fault: 16384 of them here.
    local PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, MADV_NOHUGEPAGE = 3, 0x22, 15
    local page, pages = 4096, 16384
    local memory = libc.C.mmap(nil, page * pages, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0)
    libc.C.madvise(memory, page * pages, MADV_NOHUGEPAGE)
    local bytes = ffi.cast("char *", memory)
    local function faults_of_writing()
      local usage = ffi.new("struct spec_rusage")
      libc.C.getrusage(0, usage)
      local before = tonumber(usage.minflt)
      for index = 0, pages - 1 do
        bytes[index * page] = 1
      end
      libc.C.getrusage(0, usage)
      return tonumber(usage.minflt) - before
    end
    assert.is_true(faults_of_writing() >= pages)
    local proc = assert(pipe.spawn({ "cat" }))
    local faults = faults_of_writing()
    libc.C.munmap(memory, page * pages)
    proc:close()
    local copies = os.getenv("PIPE_SPAWN") == "fork" -- which asks for it, and shows that this test sees a copy
    assert.equal(copies, faults > pages / 2, faults .. " faults")
  end)

  it("no child inherits the host's ends of another's pipes", function()
    local first, second = assert(pipe.spawn({ "cat" })), assert(pipe.spawn({ "cat" }))
    first:shutdown("stdin")
    assert.same({ true, "exit", 0 }, { first:wait() })
    assert.same({ nil, "running" }, { second:try_wait() })
  end)

  it("only the CR right before an LF is dropped from a line", function()
    local proc = assert(pipe.spawn({ "printf", "a\\rb\\r\\r\\n" }))
    assert.equal("a\rb\r", proc:stdout_read_line())
  end)

  it("an empty environ is empty", function()
    local proc = assert(pipe.spawn({ "env" }, { environ = {} }))
    assert.equal("", proc:stdout_read_all())
  end)

  it("of equal names in environ the last wins", function()
    local proc = assert(pipe.spawn({ "env" }, { environ = { "A=1", "A=2" } }))
    assert.equal("A=2\n", proc:stdout_read_all())
  end)

  it("other libraries' children are left to them", function()
    local foreign = libc.C.fork()
    if foreign == 0 then
      libc.C._exit(7)
    end
    libc.await_exit(foreign)
    local popened = io.popen("echo popen")
    for _ = 1, 5 do
      assert.is_true((assert(pipe.spawn({ "true" })):wait()))
      assert(pipe.spawn({ "true" })):close()
      pipe.sleep(0.001)
    end
    assert.same({ "exit", 7 }, { libc.reap(foreign) })
    assert.equal("popen\n", popened:read("*a"))
    assert.is_true(popened:close())
    local status, _, code = os.execute("exit 3")
    assert.equal(3, code or status / 256) -- OpenResty's LuaJIT answers as Lua 5.2 does
  end)

  it("the caller's args are not changed, and must be strings or numbers", function()
    local args = { "echo", 1, 2.5 }
    assert.equal("1 2.5\n", assert(pipe.spawn(args)):stdout_read_all())
    assert.same({ "echo", 1, 2.5 }, args)
    local ok, message = pcall(pipe.spawn, { "echo", setmetatable({}, { __tostring = function() return "text" end }) })
    assert.is_false(ok)
    assert.equal("bad value at index 2 of args arg: string expected, got table", message)
  end)

  it("a write to a closed pipe never kills the host, whose signal settings stay", function()
    assert.equal("closed\ntrue\n", host.output [[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      libc.C.signal(libc.SIGPIPE, libc.SIG_DFL)
      local proc = assert(pipe.spawn("exec <&-; echo closed; exec sleep 1000"))
      assert(proc:stdout_read_line() == "closed") -- but its stdin is open in the host: the write reaches the kernel
      print((select(2, proc:write("text"))))
      print(libc.C.signal(libc.SIGPIPE, libc.SIG_DFL) == libc.SIG_DFL)
    ]])
  end)

  it("a write that times out tells how much went out", function()
    local proc = assert(pipe.spawn({ "sleep", "1000" }, { write_timeout = 1 }))
    local result, message, written = proc:write(("x"):rep(1048576))
    assert.same({ nil, "timeout" }, { result, message })
    assert.is_true(written > 0 and written < 1048576)
  end)

  it("a script ends with its last line", function()
    assert.equal("", host.output [[
      local pipe = require "pipe"
      pipe.thread.spawn(function()
        pipe.sleep(0)
        print("late")
      end)
    ]])
  end)

  it("or with pipe.loop.run()", function()
    assert.equal("late\n", host.output [[
      local pipe = require "pipe"
      pipe.thread.spawn(function()
        pipe.sleep(0)
        print("late")
      end)
      pipe.loop.run()
    ]])
  end)

  it("anybody may wait for a light thread, and kill it", function()
    local one, other
    local parent = pipe.thread.spawn(function()
      one = pipe.thread.spawn(function()
        pipe.sleep(0)
        return "one"
      end)
      other = pipe.thread.spawn(pipe.sleep, 1000)
    end)
    local stranger = pipe.thread.spawn(function()
      local _, result = pipe.thread.wait(one)
      return result, pipe.thread.kill(other)
    end)
    assert.same({ true, "one", true }, { pipe.thread.wait(stranger) })
    pipe.thread.wait(parent)
  end)
end)
