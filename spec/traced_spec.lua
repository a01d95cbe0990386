-- A child that somebody else traces, such as a debugger: it is dead for its tracer first, and for us when that has
-- taken note, or gone.
local eventually = require "spec.eventually"
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local state = require "spec.state"

setup(leaks.remember)
teardown(leaks.check)

-- A process that traces the child; it takes note of its death when a line comes.
local function trace(pid)
  local tracer = host.start(([[
    local libc = require "spec.libc"
    local ffi = require "ffi"
    ffi.cdef "long ptrace(int request, int pid, void *address, void *data);"
    local PTRACE_SEIZE = 0x4206
    print(tonumber(ffi.C.ptrace(PTRACE_SEIZE, %d, nil, nil)))
    io.stdout:flush()
    io.read()
    print(libc.reap(%d))
  ]]):format(pid, pid))
  return tracer, tracer:stdout_read_line() == "0"
end

-- Runs `body` with a child that is traced, dead, and not taken note of; and its tracer.
local function with_dead_child(body)
  local proc = assert(pipe.spawn({ "cat" }))
  local tracer, traces = trace(proc:pid())
  if not traces then
    tracer:close()
    pending("this system does not let us trace a child that is not our own")
    return
  end
  local waiter = pipe.thread.spawn(function() return proc:wait() end)
  assert.is_true(proc:kill("KILL"))
  assert.is_true(eventually(function() return state(proc:pid()) == "Z" end))
  assert.same({ nil, "running" }, { proc:try_wait() })
  assert.same({ nil, "pipe busy waiting" }, { proc:wait() })
  body(proc, tracer, waiter)
end

for _, place in ipairs(places) do
  describe("The exit of a traced child, in " .. place.name .. ",", function()
    it("is told when its tracer has taken note", function()
      place.run(function()
        with_dead_child(function(_, tracer, waiter)
          tracer:write("\n")
          assert.equal("signal\t9", tracer:stdout_read_line())
          assert.same({ true, false, "signal", 9 }, { pipe.thread.wait(waiter) })
          assert.is_true(tracer:wait())
        end)
      end)
    end)

    it("is told when its tracer has gone", function()
      place.run(function()
        with_dead_child(function(proc, tracer, waiter)
          tracer:kill("KILL")
          assert.same({ true, false, "signal", 9 }, { pipe.thread.wait(waiter) })
          assert.same({ nil, "exited" }, { proc:kill("KILL") })
        end)
      end)
    end)

    it("is told also to a wait that comes after all that", function()
      place.run(function()
        with_dead_child(function(proc, tracer, waiter)
          pipe.thread.kill(waiter)
          tracer:kill("KILL")
          tracer:wait()
          assert.same({ false, "signal", 9 }, { proc:wait() })
        end)
      end)
    end)
  end)
end

describe("While a traced child is dead for its tracer only,", function()
  it("its handle may be closed, and it is reaped when its tracer has gone", function()
    with_dead_child(function(proc, tracer, waiter)
      proc:close()
      assert.same({ true, nil, "aborted" }, { pipe.thread.wait(waiter) })
      tracer:kill("KILL")
      assert.is_true(eventually(function() return not libc.exists(proc:pid()) end))
    end)
  end)
end)
