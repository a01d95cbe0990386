-- The four timeouts: as options, and by proc:set_timeouts.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local thrown = require "spec.thrown"

setup(leaks.remember)
teardown(leaks.check)

local nan, infinity = 0 / 0, 1 / 0
local megabyte = ("x"):rep(1048576)

-- Each timeout with an operation that never ends by itself: an idle child neither reads, nor writes, nor exits.
local operations = {
  { name = "write_timeout", run = function(proc) return proc:write(megabyte) end },
  { name = "stdout_read_timeout", run = function(proc) return proc:stdout_read_line() end },
  { name = "stderr_read_timeout", run = function(proc) return proc:stderr_read_line() end },
  { name = "wait_timeout", run = function(proc) return proc:wait() end },
}

local function idle(options)
  return assert(pipe.spawn({ "sleep", "1000" }, options))
end

-- Calls set_timeouts with `ms` for one of the four, and nil for the others.
local function set(proc, index, ms)
  local values = {}
  values[index] = ms
  return proc:set_timeouts(values[1], values[2], values[3], values[4])
end

local function times_out(operation, proc)
  local result, message = operation.run(proc)
  assert.same({ nil, "timeout" }, { result, message })
end

-- The operation is still pending after another one has timed out a few times.
local function keeps_waiting(operation, proc)
  local waiter = pipe.thread.spawn(operation.run, proc)
  local other = idle({ wait_timeout = 1 })
  for _ = 1, 5 do
    assert.same({ nil, "timeout" }, { other:wait() })
  end
  assert.is_true(pipe.thread.kill(waiter))
end

for index, operation in ipairs(operations) do
  describe(operation.name, function()
    it("is taken as an option", function()
      times_out(operation, idle({ [operation.name] = 1 }))
    end)

    it("is set by set_timeouts", function()
      local proc = idle()
      set(proc, index, 1)
      times_out(operation, proc)
    end)

    it("may be 0, for never", function()
      local proc = idle()
      set(proc, index, 1)
      set(proc, index, 0)
      keeps_waiting(operation, proc)
    end)

    it("may be as large as 2^32 - 1", function()
      local proc = idle()
      set(proc, index, 1)
      set(proc, index, 4294967295)
      keeps_waiting(operation, proc)
    end)

    it("is not changed by the other three", function()
      local proc = idle()
      set(proc, index, 1)
      for other = 1, 4 do
        if other ~= index then
          set(proc, other, 0)
        end
      end
      times_out(operation, proc)
    end)

    it("is left as it is by nil", function()
      local proc = idle()
      set(proc, index, 1)
      proc:set_timeouts()
      proc:set_timeouts(nil, nil, nil, nil)
      times_out(operation, proc)
    end)

    it("may have a fraction, which is rounded up: less than a millisecond is not never", function()
      local proc = idle()
      set(proc, index, 0.25)
      times_out(operation, proc)
    end)

    it("must be a number of milliseconds up to 2^32 - 1, else none is changed", function()
      local proc = idle()
      set(proc, index, 1)
      for _, ms in ipairs { -1, -0.5, 4294967296, nan, infinity, -infinity, "100", "soon", {}, true } do
        -- The other three are good, and so is this one's value when another is bad.
        local values = { 0, 0, 0, 0 }
        values[index] = ms
        thrown("bad " .. operation.name .. " option", proc.set_timeouts, proc, unpack(values))
        for other = 1, 4 do
          if other ~= index then
            values = { 0, 0, 0, 0 }
            values[other] = ms
            thrown("bad " .. operations[other].name .. " option", proc.set_timeouts, proc, unpack(values))
          end
        end
      end
      times_out(operation, proc)
    end)
  end)
end

describe("proc:set_timeouts", function()
  it("returns nothing", function()
    assert.equal(0, select("#", idle():set_timeouts(1, 2, 3, 4)))
  end)

  it("can be called at any time", function()
    local proc = assert(pipe.spawn({ "true" }))
    proc:set_timeouts(1000, 1000, 1000, 1000)
    proc:wait()
    proc:set_timeouts(1000)
    proc:close()
    proc:set_timeouts(1000)
  end)
end)

describe("An operation that has timed out", function()
  it("can be started again, as often as one likes", function()
    local proc = idle({ wait_timeout = 1 })
    for _ = 1, 20 do
      assert.same({ nil, "timeout" }, { proc:wait() })
    end
  end)

  it("leaves other operations of the same child pending", function()
    local proc = idle({ wait_timeout = 1 })
    local reader = pipe.thread.spawn(function() return proc:stdout_read_line() end)
    assert.same({ nil, "timeout" }, { proc:wait() })
    assert.same({ nil, "pipe busy reading" }, { proc:stdout_read_line() })
    proc:kill("KILL")
    assert.same({ true, nil, "closed", "" }, { pipe.thread.wait(reader) })
  end)
end)
