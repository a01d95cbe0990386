-- proc:rusage: what a child has used.
local host = require "spec.host"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local names = {
  "utime", "stime", "maxrss", "ixrss", "idrss", "isrss", "minflt", "majflt", "nswap", "inblock", "oublock", "msgsnd",
  "msgrcv", "nsignals", "nvcsw", "nivcsw",
}

local function ended(args, options)
  local proc = assert(pipe.spawn(args, options))
  proc:wait()
  return proc
end

describe("proc:rusage", function()
  it("has getrusage(2)'s fields, as numbers, and no others", function()
    local usage = assert(ended({ "true" }):rusage())
    local expected = {}
    for _, name in ipairs(names) do
      assert.equal("number", type(usage[name]), name)
      assert.is_true(usage[name] >= 0)
      expected[name] = usage[name]
    end
    assert.same(expected, usage)
  end)

  it("is what the kernel adds to the host's own account of its children", function()
    local output = host.output [[
      local ffi = require "ffi"
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local function account()
        local usage = ffi.new("struct spec_rusage")
        assert(libc.C.getrusage(-1, usage) == 0)
        local t, r = usage.times, usage.rest
        local all = {
          utime = tonumber(t[0]) + tonumber(t[1]) / 1e6, stime = tonumber(t[2]) + tonumber(t[3]) / 1e6,
          minflt = usage.minflt, majflt = usage.majflt, nswap = r[0], inblock = r[1], oublock = r[2],
          msgsnd = r[3], msgrcv = r[4], nsignals = r[5], nvcsw = r[6], nivcsw = r[7],
        }
        for name, value in pairs(all) do
          all[name] = tonumber(value)
        end
        return all, tonumber(usage.maxrss) * 1024
      end
      for _, script in ipairs { "$x .= 'x' x 1000 for 1 .. 200000", "stat '/' for 1 .. 100000" } do
        local before = account()
        local proc = assert(pipe.spawn({ "perl", "-e", script }))
        assert(proc:wait())
        local after, peak = account()
        local usage = assert(proc:rusage())
        for name, value in pairs(after) do
          -- The kernel counts nanoseconds, and tells microseconds.
          local tolerance = name:find("time") and 0.00001 or 0
          assert(math.abs(value - before[name] - usage[name]) <= tolerance, name .. " " .. usage[name])
        end
        assert(usage.maxrss <= peak)
        assert(usage.utime + usage.stime > 0)
        print(script:sub(1, 1), usage.maxrss == peak)
      end
    ]]
    assert.equal("$\ttrue\ns\tfalse\n", output)
  end)

  it("tells the peak of memory in bytes", function()
    local usage = ended({ "perl", "-e", "$x = 'x' x 150000000" }):rusage()
    assert.is_true(usage.maxrss > 150000000)
  end)

  it("tells fractions of seconds", function()
    local usage = ended({ "perl", "-e", "1 while (times)[0] < 0.3" }):rusage()
    assert.is_true(usage.utime >= 0.2 and usage.utime < 60)
    assert.are_not.equal(math.floor(usage.utime), usage.utime)
  end)

  it("counts what the child has waited for", function()
    local usage = ended("perl -e '1 while (times)[0] < 0.3'; true"):rusage()
    assert.is_true(usage.utime >= 0.2)
  end)

  it("is told again and again, each time in a table of its own", function()
    local proc = ended({ "true" })
    local first, second = proc:rusage(), proc:rusage()
    assert.same(first, second)
    first.utime = -1
    assert.is_true(proc:rusage().utime >= 0)
  end)

  it("is there for a child that failed or was killed", function()
    assert.equal("table", type(ended("exit 3"):rusage()))
    local proc = assert(pipe.spawn({ "cat" }))
    proc:kill("KILL")
    proc:wait()
    assert.equal("table", type(proc:rusage()))
  end)

  it("is there once the child has exited, waited for or not, and uses up nothing", function()
    local proc = assert(pipe.spawn("exit 3"))
    libc.await_exit(proc:pid())
    assert.equal("table", type(proc:rusage()))
    assert.same({ false, "exit", 3 }, { proc:try_wait() })
    assert.same({ false, "exit", 3 }, { proc:wait() })
    assert.same({ nil, "exited" }, { proc:wait() })
    assert.equal("table", type(proc:rusage()))
  end)

  it("is not known while the child lives", function()
    local proc = assert(pipe.spawn({ "cat" }))
    assert.same({ nil, "running" }, { proc:rusage() })
    proc:shutdown("stdin")
    proc:wait()
    assert.equal("table", type(proc:rusage()))
  end)

  it("stays known when the process is closed after its exit", function()
    local proc = ended({ "true" })
    proc:close()
    assert.equal("table", type(proc:rusage()))
  end)

  it("is never known when the process was closed before", function()
    local proc = assert(pipe.spawn({ "cat" }))
    proc:close()
    assert.same({ nil, "exited" }, { proc:rusage() })
  end)

  it("is lost when somebody else has reaped the child", function()
    local proc = assert(pipe.spawn({ "true" }))
    assert.same({ "exit", 0 }, { libc.reap(proc:pid()) })
    assert.same({ nil, "exit status lost", "ECHILD" }, { proc:rusage() })
    proc:wait()
    assert.same({ nil, "exit status lost", "ECHILD" }, { proc:rusage() })
  end)

  it("is a method of processes", function()
    local proc = ended({ "true" })
    thrown("not a process instance", proc.rusage, {})
    thrown("not a process instance", proc.rusage, nil)
  end)
end)
