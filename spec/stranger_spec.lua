-- A pid is a stranger's once its child has been reaped: nothing that the host still does with the process reaches it.
local eventually = require "spec.eventually"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"

setup(leaks.remember)
teardown(leaks.check)

-- stranger(pid): a process that gets this very pid, or nil where the kernel does not let us choose it.
local prelude = [[
  local ffi = require "ffi"
  local leaks = require "spec.leaks"
  local libc = require "spec.libc"
  local pipe = require "pipe"
  ffi.cdef("long syscall(long number, void *arguments, size_t size); int pause(void);")
  local SYS_clone3, SIGCHLD = 435, 17
  local function stranger(pid)
    local wanted = ffi.new("int[1]", pid)
    local arguments = ffi.new("uint64_t[11]")
    arguments[4] = SIGCHLD
    arguments[8], arguments[9] = ffi.cast("uintptr_t", ffi.cast("void *", wanted)), 1
    local started = tonumber(ffi.C.syscall(SYS_clone3, arguments, ffi.sizeof(arguments)))
    if started == 0 then
      for fd = 0, 63 do
        libc.C.close(fd)
      end
      while true do
        ffi.C.pause()
      end
    end
    if started ~= pid then
      print("the kernel does not let us choose a pid")
      os.exit(0)
    end
  end
  -- The stranger ends by this signal and by no other that has been sent before.
  local function is_untouched(pid)
    assert(libc.C.kill(pid, libc.SIGUSR1) == 0)
    local reason, signum = libc.reap(pid)
    return reason == "signal" and signum == libc.SIGUSR1
  end
]]

-- What the script prints; nil where it could not do what it is for.
local function expect(expected, script)
  local output = host.output(prelude .. script)
  if output == "the kernel does not let us choose a pid\n" then
    pending(output)
    return nil
  end
  assert.equal(expected or output, output)
  return output
end

-- Signals of lower numbers than SIGUSR1's would win over it, where several wait for the stranger to run.
local signals = [[ "HUP", "KILL", 9, 1, 2, 0 ]]

describe("A stranger who has got the pid of a child", function()
  for name, start in pairs {
    ["that has been waited for"] = [[
      local proc = assert(pipe.spawn({ "true" }))
      assert(proc:wait())
    ]],
    ["whose exit try_wait has told"] = [[
      local proc = assert(pipe.spawn({ "true" }))
      libc.await_exit(proc:pid())
      assert(proc:try_wait())
    ]],
    ["whose exit a signal has found"] = [[
      local proc = assert(pipe.spawn({ "true" }))
      libc.await_exit(proc:pid())
      assert(select(2, proc:kill("TERM")) == "exited")
    ]],
    ["that was closed, and that the loop has reaped"] = [[
      local proc = assert(pipe.spawn({ "cat" }))
      local pid = proc:pid()
      assert(proc:close())
      assert(require "spec.eventually" (function() return not libc.exists(pid) end))
    ]],
    ["that led a group"] = [[
      local proc = assert(pipe.spawn({ "true" }, { process_group = true }))
      assert(proc:wait())
    ]],
  } do
    it(name .. " gets no signal from any method", function()
      expect("true\n", start .. ([[
        local pid = proc:pid()
        stranger(pid)
        for _, signal in ipairs { %s } do
          assert(select(2, proc:kill(signal)) == "exited")
        end
        assert(select(2, proc:kill_tree("KILL")) == "exited")
        proc:terminate(0)
        proc:close()
        print(is_untouched(pid))
      ]]):format(signals))
    end)

    it(name .. " gets no signal from the finalizer", function()
      expect("true\n", start .. [[
        local pid = proc:pid()
        stranger(pid)
        proc = nil
        leaks.collect()
        pipe.sleep(0.001)
        print(is_untouched(pid))
      ]])
    end)
  end

  it("gets no signal from a host that ends", function()
    host.adopt_orphans(true)
    local pid = expect(nil, [[
      local proc = assert(pipe.spawn({ "true" }))
      assert(proc:wait())
      stranger(proc:pid())
      print(proc:pid())
    ]])
    host.adopt_orphans(false)
    if pid then
      assert.equal(0, libc.C.kill(tonumber(pid), libc.SIGUSR1))
      assert.same({ "signal", libc.SIGUSR1 }, { libc.reap(tonumber(pid)) })
    end
  end)
end)

-- sibling(pid): a child of the library's that gets this very pid. Other processes may come in between.
local siblings = [[
  local function sibling(pid)
    for _ = 1, 200 do
      local last = io.open("/proc/sys/kernel/ns_last_pid", "w")
      if last and last:write(pid - 1) and last:close() then
        local proc = assert(pipe.spawn({ "cat" }))
        if proc:pid() == pid then
          return proc
        end
        proc:close()
      end
    end
    print("the kernel does not let us choose a pid")
    os.exit(0)
  end
]]

-- Somebody else has reaped that one, and nobody has asked for it since.
describe("A child that has got the pid of another whose handle is still there", function()
  for name, start in pairs {
    ["in a host that ignores SIGCHLD"] = [[
      libc.C.signal(libc.SIGCHLD, libc.SIG_IGN)
      local former = assert(pipe.spawn({ "true" }))
      assert(require "spec.eventually" (function() return not libc.exists(former:pid()) end))
    ]],
    ["in a host that waits for any child"] = [[
      local former = assert(pipe.spawn({ "true" }))
      libc.reap(former:pid())
    ]],
  } do
    it("gets no signal and tells no exit for that one, " .. name, function()
      expect("exited\nexit status lost\nalive\n", siblings .. start .. [[
        local proc = sibling(former:pid())
        local _, err = former:kill("KILL")
        print(err)
        local _, reason, status = former:wait()
        local remembered = reason == "exit" and status == 0 -- since Linux 6.15
        print(remembered and "exit status lost" or reason)
        proc:write("alive\n")
        print(proc:stdout_read_line())
      ]])
    end)

    it("does not hide its siblings from the host's end, " .. name, function()
      host.adopt_orphans(true)
      local pids = expect(nil, siblings .. start .. [[
        local others = {}
        for index = 1, 15 do
          others[index] = assert(pipe.spawn({ "sleep", "1000" }))
        end
        local proc = sibling(former:pid())
        proc:kill("KILL")
        proc:wait()
        for _, proc in ipairs(others) do
          print(proc:pid())
        end
      ]])
      host.adopt_orphans(false)
      -- A child whose host ignores SIGCHLD takes itself away, a moment after its status can be told.
      for _, pid in ipairs(pids and host.numbers(pids) or {}) do
        assert.is_true(eventually(function() return not libc.exists(pid) end), "process " .. pid .. " is still there")
      end
    end)
  end
end)
