-- A host in an odd state: closed descriptors, signals of its own. Everything works, and the host's settings stay.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

local exercise = host.exercise

describe("A host whose descriptors", function()
  for mask = 0, 7 do
    local closed = {}
    for fd = 0, 2 do
      if bit.band(mask, bit.lshift(1, fd)) ~= 0 then
        closed[#closed + 1] = fd
      end
    end
    local name = #closed == 0 and "are all open" or table.concat(closed, ", ") .. " are closed"

    it(name .. " has children as any other, and gets no descriptor below 3", function()
      local path = os.tmpname()
      local result = host.run(([[
        local libc = require "spec.libc"
        local closed = { %s }
        for _, fd in ipairs(closed) do
          libc.C.close(fd)
        end
      ]]):format(table.concat(closed, ", ")) .. exercise .. ([[
        exercise()
        pipe.loop.fd()
        exercise()
        local kept = assert(pipe.spawn({ "cat" }))
        for _, fd in ipairs(closed) do
          assert(libc.C.fcntl(fd, libc.F_GETFD, 0) < 0, fd .. " is in use")
        end
        kept:close()
        local file = assert(io.open("%s", "w"))
        file:write("done")
        file:close()
      ]]):format(path))
      assert.same({ "exit", 0, "", "" }, { result.reason, result.status, result.stdout, result.stderr })
      local file = assert(io.open(path))
      assert.equal("done", file:read("*a"))
      file:close()
      os.remove(path)
    end)
  end

  it("are of its own making finds their flags as they were", function()
    local output = host.output(exercise .. [[
      local function flags()
        for fd = 0, 2 do
          print(libc.C.fcntl(fd, libc.F_GETFD, 0), libc.C.fcntl(fd, libc.F_GETFL, 0))
        end
      end
      flags()
      exercise()
      flags()
    ]])
    local half = #output / 2
    assert.equal(output:sub(1, half), output:sub(half + 1))
  end)
end)

describe("A host's signals:", function()
  -- What a script prints of its signal sets is the same before and after.
  local function unchanged(preparation, afterwards)
    local output = host.output(exercise .. preparation .. [[
      local function state()
        local file = assert(io.open("/proc/self/status"))
        local all = libc.signal_state(file:read("*a"))
        file:close()
        print(all.SigBlk, all.SigIgn, all.SigCgt, all.SigPnd)
      end
      state()
      exercise()
      state()
    ]] .. (afterwards or ""))
    local lines = {}
    for line in output:gmatch("[^\n]+") do
      lines[#lines + 1] = line
    end
    assert.equal(lines[1], lines[2])
    return lines
  end

  -- SIGCHLD is caught in every case, since one of the two reapers catches it.
  local catch_sigchld = [[ libc.C.signal(libc.SIGCHLD, ffi.cast("void *", libc.C.abs)) ]]

  it("SIGPIPE at its default does not kill it, and stays at its default", function()
    local lines = unchanged(catch_sigchld .. [[ libc.C.signal(libc.SIGPIPE, libc.SIG_DFL) ]], [[
      print(libc.C.signal(libc.SIGPIPE, libc.SIG_DFL) == libc.SIG_DFL)
    ]])
    assert.equal("true", lines[3])
  end)

  it("SIGPIPE ignored stays ignored", function()
    unchanged(catch_sigchld .. [[ libc.C.signal(libc.SIGPIPE, libc.SIG_IGN) ]])
  end)

  it("SIGPIPE handled stays handled, and its handler is not called", function()
    -- The handler is close(2): it would close descriptor 13, SIGPIPE's number.
    local lines = unchanged(catch_sigchld .. [[
      libc.C.dup2(0, libc.SIGPIPE)
      libc.C.signal(libc.SIGPIPE, ffi.cast("void *", libc.C.close))
    ]], [[ print(libc.C.fcntl(libc.SIGPIPE, libc.F_GETFD, 0)) ]])
    assert.equal("0", lines[3])
  end)

  it("one of its own that is pending, SIGPIPE too, stays pending", function()
    local lines = unchanged(catch_sigchld .. [[
      libc.C.sigprocmask(0, libc.signals(libc.SIGPIPE, libc.SIGUSR1), nil)
      libc.C.kill(libc.C.getpid(), libc.SIGPIPE)
      libc.C.kill(libc.C.getpid(), libc.SIGUSR1)
    ]], [[
      local pending = libc.signals()
      libc.C.sigpending(pending)
      print(libc.C.sigismember(pending, libc.SIGPIPE), libc.C.sigismember(pending, libc.SIGUSR1))
    ]])
    assert.equal("1\t1", lines[3])
  end)

  it("blocked ones stay blocked", function()
    unchanged(catch_sigchld .. [[
      libc.C.sigprocmask(0, libc.signals(libc.SIGCHLD, libc.SIGTERM, libc.SIGALRM), nil)
    ]])
  end)

  it("all blocked is no obstacle", function()
    unchanged(catch_sigchld .. [[
      local all = libc.signals()
      for signum = 1, 64 do
        libc.C.sigaddset(all, signum)
      end
      libc.C.sigprocmask(0, all, nil)
    ]])
  end)

  it("a SIGCHLD handler that it has replaced meanwhile stays, and exits are still told", function()
    assert.equal("true\n", host.output(exercise .. [[
      local handler = ffi.cast("void *", libc.C.abs)
      exercise()
      libc.C.signal(libc.SIGCHLD, handler)
      exercise()
      exercise()
      print(libc.C.signal(libc.SIGCHLD, libc.SIG_DFL) == handler)
    ]]))
  end)

  for name, handler in pairs { ["a SIGCHLD handler"] = [[ffi.cast("void *", libc.C.abs)]],
    ["the default of SIGCHLD"] = "libc.SIG_DFL" } do
    it(name .. " that it sets while it waits for a child stays, and that exit is still told", function()
      assert.equal("true\tfalse\texit\t3\ntrue\n", host.output(exercise .. ([[
        local mine = %s
        local proc = assert(pipe.spawn({ "sh", "-c", "read line; exit 3" }))
        local waiter = pipe.thread.spawn(proc.wait, proc)
        for _ = 1, 3 do
          pipe.sleep(0) -- the loop has turned: it waits for the signal only
        end
        libc.C.signal(libc.SIGCHLD, mine)
        assert(proc:write("\n") == 1)
        libc.await_exit(proc:pid())
        print(pipe.thread.wait(waiter))
        print(libc.C.signal(libc.SIGCHLD, libc.SIG_DFL) == mine)
      ]]):format(handler)))
    end)
  end

  it("SIGCHLD set to its default meanwhile is no obstacle", function()
    assert.equal("true\n", host.output(exercise .. [[
      exercise()
      libc.C.signal(libc.SIGCHLD, libc.SIG_DFL)
      exercise()
      print(libc.C.signal(libc.SIGCHLD, libc.SIG_DFL) == libc.SIG_DFL)
    ]]))
  end)

  it("a SIGCHLD handler that was there before is still called", function()
    -- The handler is umask(2), with the signal's number as its mask.
    assert.equal("17\n", host.output([[
      local libc = require "spec.libc"
      libc.C.signal(libc.SIGCHLD, require("ffi").cast("void *", libc.C.umask))
    ]] .. exercise .. [[
      exercise()
      libc.C.umask(0)
      assert(assert(pipe.spawn({ "true" })):wait())
      print(libc.C.umask(0))
    ]]))
  end)

  it("an interrupt ends a wait of the main chunk at once", function()
    -- The child waits until its host sleeps.
    local result = host.run(exercise .. [[
      local interrupt = "until grep -q '^State:.S' /proc/$PPID/status; do :; done; kill -INT $PPID; exec sleep 1000"
      pipe.spawn({ "sh", "-c", interrupt }, { wait_timeout = 0 }):wait()
    ]])
    assert.same({ "exit", 1 }, { result.reason, result.status })
    assert.is_truthy(result.stderr:find("interrupted!", 1, true), result.stderr)
  end)

  it("raining, without SA_RESTART, they disturb nothing", function()
    assert.equal("done\n", host.output(exercise .. [[
      exercise()
      libc.C.signal(libc.SIGALRM, ffi.cast("void *", libc.C.abs))
      libc.C.siginterrupt(libc.SIGALRM, 1)
      libc.C.setitimer(0, ffi.new("struct spec_itimerval", { 0, 100, 0, 100 }), nil)
      for _ = 1, 50 do
        exercise()
      end
      local proc = assert(pipe.spawn({ "cat" }))
      local text = ("x"):rep(4000000)
      local writer = pipe.thread.spawn(function()
        assert(proc:write(text) == #text)
        proc:shutdown("stdin")
      end)
      assert(proc:stdout_read_all() == text)
      assert(proc:wait())
      assert(pipe.thread.wait(writer))
      libc.C.setitimer(0, ffi.new("struct spec_itimerval"), nil)
      print "done"
    ]]))
  end)

  it("a flood of SIGCHLD from elsewhere loses no exit", function()
    assert.equal("done\n", host.output(exercise .. [[
      exercise()
      for _ = 1, 50 do
        local proc = assert(pipe.spawn({ "sh", "-c", "exit 3" }))
        for _ = 1, 200 do
          libc.C.kill(libc.C.getpid(), libc.SIGCHLD)
        end
        assert(select(3, proc:wait()) == 3)
      end
      print "done"
    ]]))
  end)
end)

describe("A host on an old kernel, or in a sandbox,", function()
  for _, lack in ipairs {
    { what = "pidfds", call = "waitid", first = 3 }, -- P_PIDFD
    { what = "a way to close many descriptors at once", call = "close_range" },
  } do
    for _, errno in ipairs { "ENOSYS", "EPERM" } do
      it(("that lacks %s (%s) has children as any other"):format(lack.what, errno), function()
        assert.equal("done\n", host.output(([[
          require "spec.sandbox"("%s", require "spec.libc".%s, %s)
          local no_pidfds = %s
        ]]):format(lack.call, errno, tostring(lack.first), tostring(lack.what == "pidfds")) .. exercise .. [[
          exercise()
          local leaks = require "spec.leaks"
          for _, target in pairs(leaks.descriptors()) do
            assert(not (no_pidfds and target:find("pidfd")), target)
          end
          -- Exits, kills and collected handles, many at a time.
          local threads = {}
          for status = 0, 49 do
            local proc = assert(pipe.spawn({ "sh", "-c", "read x; exit " .. status }))
            threads[status] = pipe.thread.spawn(proc.wait, proc)
            proc:write("\n")
            assert(pipe.spawn({ "cat" }))
          end
          for status = 0, 49 do
            assert(select(4, pipe.thread.wait(threads[status])) == status)
          end
          exercise()
          leaks.collect()
          assert(require "spec.eventually" (function() return #leaks.children() == 0 end))
          print "done"
        ]]))
      end)
    end
  end
end)

describe("A host's limits and surroundings", function()
  it("are as they were", function()
    local output = host.output(exercise .. [[
      local function state()
        for resource = 0, 15 do
          local limit = ffi.new("struct spec_rlimit")
          libc.C.getrlimit(resource, limit)
          print(tostring(limit.soft), tostring(limit.hard))
        end
        local umask = libc.C.umask(0)
        libc.C.umask(umask)
        print(umask, libc.target("/proc/self/cwd"), table.concat(libc.environment(), "\1"))
      end
      state()
      exercise()
      state()
    ]])
    local half = #output / 2
    assert.equal(output:sub(1, half), output:sub(half + 1))
  end)
end)

