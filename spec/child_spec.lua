-- What a child is born with: three descriptors, default signals, and the host's directory.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

local ffi = require "ffi"

setup(leaks.remember)
teardown(leaks.check)

-- The numbers of the child's open descriptors. The shell's own look at the directory has ended when -e asks.
local list = "for fd in /proc/$$/fd/*; do [ -e $fd ] && echo ${fd##*/}; done"

local function open_in_child(options)
  local proc = assert(pipe.spawn({ "sh", "-c", list }, options))
  return (proc:stdout_read_all():gsub("\n", " "))
end

describe("A child's descriptors", function()
  it("are 0, 1 and 2, and no other", function()
    assert.equal("0 1 2 ", open_in_child())
    assert.equal("0 1 2 ", open_in_child({ merge_stderr = true, environ = { "A=1" } }))
  end)

  it("are no others either when the host has some without CLOEXEC", function()
    local opened = {}
    for _ = 1, 20 do
      opened[#opened + 1] = libc.C.open("/dev/null", libc.O_RDONLY, 0)
    end
    opened[#opened + 1] = libc.C.dup2(opened[1], 900)
    local siblings = { assert(pipe.spawn({ "cat" })), assert(pipe.spawn({ "cat" })) }
    assert.equal("0 1 2 ", open_in_child())
    for _, fd in ipairs(opened) do
      -- The host's own are as they were.
      assert.equal(0, libc.C.fcntl(fd, libc.F_GETFD, 0))
      assert.equal(0, libc.C.close(fd))
    end
    assert.equal(2, #siblings)
  end)

  it("are no others, however high the host's numbers are", function()
    assert.equal("0 1 2 ", host.output(([[
      local libc = require "spec.libc"
      local limit = require("ffi").new("struct spec_rlimit")
      libc.C.getrlimit(libc.RLIMIT_NOFILE, limit)
      local highest = math.min(tonumber(limit.hard), 65536) - 1
      libc.limit(libc.RLIMIT_NOFILE, highest + 1)
      for _, number in ipairs { 1023, 1024, 4096, highest } do
        assert(number > highest or libc.C.dup2(0, number) == number)
      end
      local proc = assert(require "pipe".spawn({ "sh", "-c", %q }))
      io.write((proc:stdout_read_all():gsub("\n", " ")))
    ]]):format(list)))
  end)

  for kernel, sandbox in pairs {
    ["a kernel with close_range"] = "",
    ["a kernel or a sandbox without close_range"] = [[ require "spec.sandbox"("close_range", libc.ENOSYS) ]],
  } do
    it("are no others, on " .. kernel .. ", though the host's are above a limit that it has lowered", function()
      assert.equal("0 1 2 0 1 2 7 ", host.output(([[
        local libc = require "spec.libc"
        libc.C.open("/dev/null", libc.O_RDONLY, 0)
        for _, number in ipairs { 70, 200, 900 } do
          assert(libc.C.dup2(0, number) == number)
        end
        libc.limit(libc.RLIMIT_NOFILE, 64)
        %s
        local pipe = require "pipe"
        for _, fds in ipairs { {}, { [7] = 900 } } do
          local proc = assert(pipe.spawn({ "sh", "-c", %q }, { fds = fds }))
          io.write((proc:stdout_read_all():gsub("\n", " ")))
        end
        assert(libc.C.fcntl(900, libc.F_GETFD, 0) == 0)
      ]]):format(sandbox, list)))
    end)
  end

  it("are no others where close_range is missing, and the host's table is full up to its lowered limit", function()
    assert.equal("0 1 2 ", host.output(([[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      assert(assert(pipe.spawn({ "true" })):wait())
      require "spec.sandbox"("close_range", libc.ENOSYS)
      assert(libc.C.dup2(0, 900) == 900)
      local spare, proc = require "spec.full_table"(64), nil
      repeat
        assert(libc.C.close(table.remove(spare)) == 0)
        proc = pipe.spawn({ "sh", "-c", %q })
      until proc
      io.write((proc:stdout_read_all():gsub("\n", " ")))
    ]]):format(list)))
  end)

  it("are real pipes", function()
    local proc = assert(pipe.spawn({ "sh", "-c", "for fd in 0 1 2; do [ -p /proc/self/fd/$fd ] && echo pipe; done" }))
    assert.equal("pipe\npipe\npipe\n", proc:stdout_read_all())
  end)

  it("can be opened again by their names", function()
    local proc = assert(pipe.spawn({ "cat", "/dev/stdin" }))
    proc:write("text")
    proc:shutdown("stdin")
    assert.equal("text", proc:stdout_read_all())
    proc = assert(pipe.spawn({ "sh", "-c", "echo one >/dev/stdout; echo two >/dev/stderr" }))
    assert.equal("one\n", proc:stdout_read_all())
    assert.equal("two\n", proc:stderr_read_all())
  end)

  it("block", function()
    local proc = assert(pipe.spawn({ "sh", "-c", "cd /proc/self/fdinfo && exec cat 0 1 2" }))
    local count = 0
    for flags in proc:stdout_read_all():gmatch("flags:%s*(%d+)") do
      assert.equal(0, bit.band(tonumber(flags, 8), libc.O_NONBLOCK))
      count = count + 1
    end
    assert.equal(3, count)
  end)
end)

describe("The host's ends", function()
  it("are closed on exec, and never 0, 1 or 2", function()
    leaks.collect()
    local before = leaks.descriptors()
    local proc = assert(pipe.spawn({ "cat" }))
    local count = 0
    for fd in pairs(leaks.descriptors()) do
      if before[fd] == nil then
        count = count + 1
        assert.is_true(tonumber(fd) > 2)
        assert.equal(libc.FD_CLOEXEC, libc.C.fcntl(tonumber(fd), libc.F_GETFD, 0))
      end
    end
    assert.is_true(count >= 3)
    proc:close()
  end)

  it("are in no sibling's hands: a shutdown of stdin ends that child", function()
    local first = assert(pipe.spawn({ "cat" }))
    local second = assert(pipe.spawn({ "cat" }))
    first:shutdown("stdin")
    assert.equal("", first:stdout_read_all())
    assert.same({ true, "exit", 0 }, { first:wait() })
    assert.same({ nil, "running" }, { second:try_wait() })
  end)

  it("are in no sibling's hands: a child that a closed output kills dies", function()
    local first = assert(pipe.spawn({ "yes" }))
    local second = assert(pipe.spawn({ "cat" }))
    first:shutdown("stdout")
    assert.same({ false, "signal", libc.SIGPIPE }, { first:wait() })
    assert.same({ nil, "running" }, { second:try_wait() })
  end)

  it("are in no foreign child's hands", function()
    local proc = assert(pipe.spawn({ "cat" }))
    local foreign = assert(io.popen("read line", "w"))
    proc:shutdown("stdin")
    assert.same({ true, "exit", 0 }, { proc:wait() })
    foreign:write("\n")
    foreign:close()
  end)
end)

describe("A child's signals", function()
  local nothing = "0000000000000000"

  it("are all at their defaults, though the host ignores each one that can be", function()
    assert.equal(nothing .. "\n", host.output [[
      local libc = require "spec.libc"
      for signum = 1, 64 do
        if signum ~= libc.SIGCHLD then
          libc.C.signal(signum, libc.SIG_IGN)
        end
      end
      local proc = assert(require "pipe".spawn({ "cat", "/proc/self/status" }))
      print(libc.signal_state(proc:stdout_read_all()).SigIgn)
    ]])
  end)

  it("are at their defaults and none is blocked, whatever the host's are", function()
    local saved_pipe = libc.C.signal(libc.SIGPIPE, libc.SIG_IGN)
    local saved_usr1 = libc.C.signal(libc.SIGUSR1, ffi.cast("void *", libc.C.abs))
    local saved_mask = libc.signals()
    libc.C.sigprocmask(0, libc.signals(libc.SIGUSR2, libc.SIGTERM), saved_mask)

    local proc = assert(pipe.spawn({ "cat", "/proc/self/status" }))
    local state = libc.signal_state(proc:stdout_read_all())
    proc:wait()

    libc.C.sigprocmask(2, saved_mask, nil)
    libc.C.signal(libc.SIGUSR1, saved_usr1)
    libc.C.signal(libc.SIGPIPE, saved_pipe)
    assert.equal(nothing, state.SigBlk)
    assert.equal(nothing, state.SigIgn)
    assert.equal(nothing, state.SigCgt)
    assert.equal(nothing, state.SigPnd)
  end)

  it("leave the host's as they were", function()
    leaks.await_children() -- without pidfds a child that is dropped and lives has SIGCHLD caught
    local function own()
      local file = assert(io.open("/proc/self/status"))
      local state = libc.signal_state(file:read("*a"))
      file:close()
      return state
    end
    local before = own()
    for _ = 1, 10 do
      local proc = assert(pipe.spawn({ "cat" }))
      proc:write("text")
      proc:kill("TERM")
      proc:wait()
    end
    pipe.spawn({ "no-such" })
    assert.same(before, own())
  end)
end)

describe("A child's surroundings", function()
  it("are the host's directory, group, session and umask", function()
    local function of(pid)
      local file = assert(io.open("/proc/" .. pid .. "/stat"))
      local group, session = file:read("*l"):match("%) %a %d+ (%d+) (%d+)")
      file:close()
      return { group = group, session = session, directory = libc.target("/proc/" .. pid .. "/cwd") }
    end
    local proc = assert(pipe.spawn({ "cat" }))
    assert.same(of("self"), of(proc:pid()))

    local umask = libc.C.umask(18)
    libc.C.umask(umask)
    proc = assert(pipe.spawn("umask"))
    assert.equal(umask, tonumber(proc:stdout_read_line(), 8))
  end)

  it("have the host for a parent", function()
    local proc = assert(pipe.spawn("echo $PPID"))
    assert.equal(libc.C.getpid(), tonumber(proc:stdout_read_line()))
  end)
end)
