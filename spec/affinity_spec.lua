-- The option affinity: the processors that the child may run on.
local files = require "spec.files"
local host = require "spec.host"
local leaks = require "spec.leaks"
local spawning = require "spec.spawning"

local output, rejected, refused = spawning.output, spawning.rejected, spawning.refused

local nan, infinity = 0 / 0, 1 / 0

setup(leaks.remember)
teardown(leaks.check)

describe("The option affinity", function()
  -- The processors in a text such as "0-3,8".
  local function processors(text)
    local list = {}
    for range in assert(text:match("Cpus_allowed_list:%s*(%S+)")):gmatch("[^,]+") do
      local first, last = range:match("^(%d+)%-(%d+)$")
      for processor = tonumber(first or range), tonumber(last or range) do
        list[#list + 1] = processor
      end
    end
    return list
  end

  local function child_processors(options)
    return processors(output({ "cat", "/proc/self/status" }, options))
  end

  local own = processors(files.read("/proc/self/status"))

  it("is the list of processors that the child may run on", function()
    for _, processor in ipairs(own) do
      assert.same({ processor }, child_processors({ affinity = { processor } }))
    end
    assert.same(own, child_processors({ affinity = own }))
    assert.same({ own[1] }, child_processors({ affinity = { own[1], own[1] } }))
  end)

  it("is the host's without it", function()
    assert.same(own, child_processors({}))
  end)

  it("may name processors that are not there, beside some that are", function()
    assert.same({ own[1] }, child_processors({ affinity = { 8191, own[1], 4000 } }))
  end)

  it("does not touch the host's", function()
    child_processors({ affinity = { own[#own] } })
    assert.same(own, processors(files.read("/proc/self/status")))
  end)

  it("is by default that of a host that is pinned to one, and all with \"all\"", function()
    local text = host.output(([[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local function print_list(options)
        local proc = assert(pipe.spawn({ "cat", "/proc/self/status" }, options))
        io.write(proc:stdout_read_all():match("Cpus_allowed_list:[^\n]*\n"))
        assert(proc:wait())
      end
      local every = {}
      for processor = 0, 8191 do
        every[#every + 1] = processor
      end
      libc.run_on(every)
      print_list({})
      libc.run_on({ %d })
      print_list({})
      print_list({ affinity = "all" })
      print_list({})
    ]]):format(own[#own]))
    local every, pinned, all, pinned_still = text:match("^([^\n]*\n)([^\n]*\n)([^\n]*\n)([^\n]*\n)$")
    assert.equal(every, all)
    assert.same({ own[#own] }, processors(pinned))
    assert.equal(pinned, pinned_still)
  end)

  it("fails the spawn when none of the processors is there", function()
    refused("failed to set affinity: Invalid argument", "EINVAL", { affinity = { 8191 } })
    refused("failed to set affinity: Invalid argument", "EINVAL", { affinity = { 8190, 5000 } }, { "no-such" })
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when affinity is neither \"all\" nor a list of processors", function()
    for _, value in ipairs { 1, "some", "", "0", true, print, {}, { first = 0 } } do
      rejected("bad affinity option: ", { affinity = value })
    end
    for _, value in ipairs { -1, 0.5, 8192, nan, infinity, "first", true, {}, print } do
      rejected("bad affinity option: ", { affinity = { 0, value } })
    end
  end)
end)
