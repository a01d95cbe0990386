-- The option rlimits: setrlimit(2) for the child.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local spawning = require "spec.spawning"

local output, rejected, refused = spawning.output, spawning.rejected, spawning.refused

local nan, infinity = 0 / 0, 1 / 0

local directory

setup(leaks.remember)
setup(function() directory = files.directory() end)
teardown(leaks.check)
teardown(function() files.remove(directory) end)

-- What /proc/PID/limits calls each of them.
local titles = {
  as = "Max address space", core = "Max core file size", cpu = "Max cpu time", data = "Max data size",
  fsize = "Max file size", locks = "Max file locks", memlock = "Max locked memory", msgqueue = "Max msgqueue size",
  nice = "Max nice priority", nofile = "Max open files", nproc = "Max processes", rss = "Max resident set",
  rtprio = "Max realtime priority", rttime = "Max realtime timeout", sigpending = "Max pending signals",
  stack = "Max stack size",
}

-- The limits in such a text: name to { soft, hard }, numbers or "unlimited".
local function limits(text)
  local found = {}
  for name, title in pairs(titles) do
    local soft, hard = text:match(title .. "%s+(%w+)%s+(%w+)")
    found[name] = { tonumber(soft) or soft, tonumber(hard) or hard }
  end
  return found
end

local function child_limits(rlimits)
  return limits(output({ "cat", "/proc/self/limits" }, { rlimits = rlimits }))
end

local function own_limits()
  return limits(files.read("/proc/self/limits"))
end

local function number(limit)
  return limit == "unlimited" and infinity or limit
end

describe("The option rlimits", function()
  -- Low enough to be allowed, and high enough for `cat`.
  local wanted = {
    as = 2 ^ 32, core = 4096, cpu = 100, data = 2 ^ 32, fsize = 2 ^ 20, locks = 100, memlock = 8192, msgqueue = 4096,
    nice = 5, nofile = 64, nproc = 500, rss = 2 ^ 30, rtprio = 5, rttime = 1000000, sigpending = 100, stack = 2 ^ 20,
  }

  for name in pairs(titles) do
    it("knows " .. name .. ": one number for both limits, or a pair", function()
      local hard = math.min(wanted[name], number(own_limits()[name][2]))
      local expected = own_limits()
      expected[name] = { hard, hard }
      assert.same(expected, child_limits({ [name] = hard }))
      local soft = math.floor(hard / 2)
      expected[name] = { soft, hard }
      assert.same(expected, child_limits({ [name] = { soft, hard } }))
    end)
  end

  it("sets several at once", function()
    local expected = own_limits()
    expected.nofile, expected.core, expected.cpu = { 256, 256 }, { 0, 0 }, { 10, 20 }
    assert.same(expected, child_limits({ nofile = 256, core = 0, cpu = { 10, 20 } }))
  end)

  it("changes nothing when it is empty", function()
    assert.same(own_limits(), child_limits({}))
  end)

  it("takes \"unlimited\" and math.huge for no limit", function()
    -- The host's own hard limit is none here.
    assert.equal("unlimited", own_limits().fsize[2])
    for _, none in ipairs { "unlimited", math.huge } do
      assert.same({ "unlimited", "unlimited" }, child_limits({ fsize = none }).fsize)
      assert.same({ 5000, "unlimited" }, child_limits({ fsize = { 5000, none } }).fsize)
      assert.same({ "unlimited", "unlimited" }, child_limits({ fsize = { none, none } }).fsize)
    end
  end)

  it("takes large numbers to the last byte", function()
    for _, size in ipairs { 2 ^ 31, 2 ^ 32 - 1, 2 ^ 32, 2 ^ 40 + 1, 2 ^ 53 - 1 } do
      assert.same({ size, size }, child_limits({ fsize = size }).fsize)
    end
  end)

  it("is what the shell's ulimit tells", function()
    assert.equal("64\n128\n", output("ulimit -Sn; ulimit -Hn", { rlimits = { nofile = { 64, 128 } } }))
  end)

  it("holds: a file becomes no larger, and memory no more", function()
    local file = directory .. "/large"
    local proc = assert(pipe.spawn({ "head", "-c", "100000", "/dev/zero" },
      { stdout = { file = file }, rlimits = { fsize = 5000, core = 0 } }))
    assert.same({ false, "signal", 25 }, { proc:wait() })
    assert.equal(5000, #files.read(file))

    proc = assert(pipe.spawn({ "perl", "-e", "$x = 'x' x 2e9" }, { rlimits = { as = 5e8, core = 0 } }))
    assert.is_false((proc:wait()))
  end)

  it("does not touch the host's own, nor the caller's table", function()
    local before = own_limits()
    local rlimits = { nofile = 256, cpu = { 10, 20 } }
    child_limits(rlimits)
    assert.same({ nofile = 256, cpu = { 10, 20 } }, rlimits)
    assert.same(before, own_limits())
  end)

  it("that is not allowed fails the spawn", function()
    -- Even root has no more files than fs.nr_open says.
    refused("failed to set rlimit nofile: Operation not permitted", "EPERM", { rlimits = { nofile = 2 ^ 40 } })
    refused("failed to set rlimit nofile: Operation not permitted", "EPERM",
      { rlimits = { core = 0, cpu = 100, nofile = 2 ^ 40 } })
  end)

  it("may not be raised by a host that is not root", function()
    assert.equal("done\n", host.output [[
      local ffi = require "ffi"
      local libc = require "spec.libc"
      local pipe = require "pipe"
      assert(assert(pipe.spawn({ "true" })):wait())
      assert(libc.C.setrlimit(1, ffi.new("struct spec_rlimit", { 1000000, 1000000 })) == 0)
      if libc.C.geteuid() == 0 then
        assert(libc.C.setuid(65534) == 0)
      end
      assert(assert(pipe.spawn({ "true" }, { rlimits = { fsize = { 500000, 1000000 } } })):wait())
      local proc, message, code = pipe.spawn({ "true" }, { rlimits = { fsize = 1000001 } })
      assert(proc == nil and code == "EPERM")
      assert(message == "failed to set rlimit fsize: Operation not permitted", message)
      print "done"
    ]])
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when rlimits is not a table", function()
    for _, value in ipairs { 1, "nofile=1", true, print } do
      rejected("bad rlimits option: ", { rlimits = value })
    end
  end)

  it("when a name in rlimits is unknown", function()
    for _, name in ipairs { "files", "NOFILE", "RLIMIT_NOFILE", "ofile", "", 1, true } do
      rejected("bad rlimits option: ", { rlimits = { [name] = 1 } })
    end
  end)

  it("when a value in rlimits is no limit", function()
    for _, value in ipairs {
      -1, 0.5, nan, -infinity, "many", "infinity", "", true, false, print, {}, { -1, 5 }, { 5, 1.5 }, { "x", 5 },
      { 5, true }, { nan, nan },
    } do
      rejected("bad rlimits option: ", { rlimits = { nofile = value } })
    end
  end)

  it("when a soft limit is above its hard one", function()
    for _, pair in ipairs { { 2, 1 }, { "unlimited", 5 }, { math.huge, 5 }, { 1, 0 } } do
      rejected("bad rlimits option: ", { rlimits = { cpu = pair } })
    end
  end)
end)
