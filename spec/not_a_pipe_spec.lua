-- Every operation on a stream that is no pipe to the host answers so, at once.
local files = require "spec.files"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"
local streams = require "spec.streams"
local thrown = require "spec.thrown"

local directory, descriptor, file

setup(leaks.remember)
setup(function()
  directory = files.directory()
  descriptor = libc.C.open(directory .. "/descriptor", libc.O_RDWR + 64, 384)
  file = assert(io.open(directory .. "/lua", "w+"))
  files.write(directory .. "/file", "")
end)
teardown(function()
  files.remove(directory)
  libc.C.close(descriptor)
  file:close()
end)
teardown(leaks.check)

local sources = {
  { "null", function() return "null" end },
  { "a descriptor", function() return descriptor end },
  { "a Lua file", function() return file end },
  { "a file", function() return { file = directory .. "/file" } end },
  { "the host's", function() return "inherit" end },
}

for _, place in ipairs(places) do
  for _, source in ipairs(sources) do
    describe(("In %s, with %s as"):format(place.name, source[1]), function()
      it("stdin, a write says so, and how much was written: nothing", function()
        place.run(function()
          local proc = assert(pipe.spawn({ "sleep", "1000" }, { stdin = source[2]() }))
          assert.same({ nil, "not a pipe", 0 }, { proc:write("text") })
          assert.same({ nil, "not a pipe", 0 }, { proc:write({ "te", "xt", 1 }) })
          assert.same({ nil, "not a pipe" }, { proc:shutdown("stdin") })
          assert.same({ nil, "running" }, { proc:try_wait() })
          proc:close()
        end)
      end)

      for _, stream in ipairs(streams) do
        it(stream.name .. ", reads say so while the child lives, and after its exit", function()
          place.run(function()
            local proc = assert(pipe.spawn({ "sleep", "1000" }, { [stream.name] = source[2]() }))
            local function refuses()
              assert.same({ nil, "not a pipe" }, { stream.read_all(proc) })
              assert.same({ nil, "not a pipe" }, { stream.read_line(proc) })
              assert.same({ nil, "not a pipe" }, { stream.read_bytes(proc, 1) })
              assert.same({ nil, "not a pipe" }, { stream.read_any(proc, 1) })
            end
            refuses()
            assert.same({ nil, "not a pipe" }, { proc:shutdown(stream.name) })
            assert.same({ nil, "running" }, { proc:try_wait() })
            proc:kill("TERM")
            assert.same({ false, "signal", libc.SIGTERM }, { proc:wait() })
            refuses()
          end)
        end)
      end
    end)
  end
end

describe("A stream that is no pipe", function()
  it("leaves the other streams what they are", function()
    for _, stream in ipairs(streams) do
      local proc = assert(pipe.spawn("cat; cat /no/such >&2", { [stream.other] = "null" }))
      assert.equal(5, proc:write("hello"))
      assert.is_true(proc:shutdown("stdin"))
      local text = stream.read_all(proc)
      if stream.name == "stdout" then
        assert.equal("hello", text)
      else
        assert.is_truthy(text:find("/no/such", 1, true))
      end
      assert.is_false((proc:wait()))
    end
  end)

  it("does not make a bad argument a good one", function()
    local proc = assert(pipe.spawn({ "true" }, { stdin = "null", stdout = "null", stderr = "null" }))
    thrown("bad data arg: string, number, or table expected, got boolean", proc.write, proc, true)
    thrown("bad shutdown arg: read", proc.shutdown, proc, "read")
    for _, stream in ipairs(streams) do
      local bytes, any = proc[stream.name .. "_read_bytes"], proc[stream.name .. "_read_any"]
      thrown("bad len argument", bytes, proc, -1)
      thrown("bad max argument", any, proc, 0)
    end
    proc:wait()
  end)

  it("keeps nobody from waiting for it again and again", function()
    local proc = assert(pipe.spawn({ "true" }, { stdout = "null" }))
    for _ = 1, 100 do
      assert.same({ nil, "not a pipe" }, { proc:stdout_read_line() })
    end
    assert.is_true((proc:wait()))
  end)
end)
