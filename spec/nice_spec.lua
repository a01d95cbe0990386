-- The option nice: the nice value of the child.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local spawning = require "spec.spawning"

local output = spawning.output

local nan, infinity = 0 / 0, 1 / 0

setup(leaks.remember)
teardown(leaks.check)

describe("The option nice", function()
  local function child_nice(options)
    return tonumber(output({ "nice" }, options))
  end

  local own = tonumber(output({ "nice" }))

  it("is the child's nice value itself", function()
    assert.equal(own, child_nice({}))
    for _, value in ipairs { own, math.min(own + 1, 19), 19 } do
      assert.equal(value, child_nice({ nice = value }))
    end
  end)

  it("is the host's without it", function()
    local script = [[ io.write(assert(require("pipe").spawn({ "nice" })):stdout_read_all()) ]]
    local nicer = host.interpret({ script = script, through = { "nice", "-n", "3" } })
    assert.equal(math.min(own + 3, 19) .. "\n", host.printed(host.finish(nicer)))
  end)

  it("does not touch the host's", function()
    child_nice({ nice = 19 })
    assert.equal(own, child_nice({}))
  end)

  -- Root has it, but not in every container.
  local CAP_SYS_NICE = 23
  local rights = tonumber(files.read("/proc/self/status"):match("CapEff:%s*%x*(%x%x%x%x%x%x%x%x)\n"), 16)

  it("may be lowered by a host that has the right to, and by no other", function()
    for _, value in ipairs { -20, -1 } do
      if bit.band(rights, bit.lshift(1, CAP_SYS_NICE)) ~= 0 then
        assert.equal(value, child_nice({ nice = value }))
      else
        local proc, message, code = pipe.spawn({ "true" }, { nice = value })
        assert.is_nil(proc)
        assert.is_truthy(message:find("^failed to set nice.*: Permission denied$"))
        assert.equal("EACCES", code)
      end
    end
  end)

  it("may not be lowered by a host that is not root", function()
    assert.equal("done\n", host.output [[
      local ffi = require "ffi"
      local libc = require "spec.libc"
      local pipe = require "pipe"
      assert(assert(pipe.spawn({ "true" })):wait())
      assert(libc.C.setrlimit(13, ffi.new("struct spec_rlimit", { 0, 0 })) == 0)
      if libc.C.geteuid() == 0 then
        assert(libc.C.setuid(65534) == 0)
      end
      for _ = 1, 100 do
        local proc, message, code = pipe.spawn({ "true" }, { nice = -20 })
        assert(proc == nil and code == "EACCES", code)
        assert(message:find("^failed to set nice.*: Permission denied$"), message)
      end
      assert(assert(pipe.spawn({ "true" }, { nice = 19 })):wait())
      print "done"
    ]])
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when nice is not a whole number from -20 to 19", function()
    for _, value in ipairs { -21, 20, 1.5, nan, infinity, -infinity, "high", "", true, {}, print } do
      spawning.rejected("bad nice option: ", { nice = value })
    end
  end)
end)
