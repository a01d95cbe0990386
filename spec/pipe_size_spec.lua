-- The option pipe_size: the capacity of the pipes, where the kernel allows it.
local leaks = require "spec.leaks"
local pipe = require "pipe"
local spawning = require "spec.spawning"

local nan, infinity = 0 / 0, 1 / 0

setup(leaks.remember)
teardown(leaks.check)

-- The capacities of the child's three pipes, as it sees them itself (F_GETPIPE_SZ).
local function capacities(options)
  options = options or {}
  options.stderr = options.stderr or "pipe"
  local proc = assert(pipe.spawn({ "perl", "-e", [[
    print join(" ", map { fcntl($_, 1032, 0) || 0 } *STDIN, *STDOUT, *STDERR), "\n";
  ]] }, options))
  local sizes = {}
  for size in assert(proc:stdout_read_line()):gmatch("%d+") do
    sizes[#sizes + 1] = tonumber(size)
  end
  proc:wait()
  return sizes
end

describe("The option pipe_size", function()
  it("sets the capacity of all three pipes", function()
    for _, size in ipairs { 4096, 16384, 131072, 262144 } do
      assert.same({ size, size, size }, capacities({ pipe_size = size }))
    end
  end)

  it("is rounded up to what the kernel can", function()
    for _, size in ipairs { 1, 5000, 100000 } do
      for _, found in ipairs(capacities({ pipe_size = size })) do
        assert.is_true(found >= size and found < 2 * size + 65536)
      end
    end
  end)

  it("lets that many bytes in before anybody reads", function()
    local proc = assert(pipe.spawn({ "sleep", "1000" }, { pipe_size = 1048576, write_timeout = 1 }))
    assert.equal(1048576, proc:write(("x"):rep(1048576)))
    assert.same({ nil, "timeout", 0 }, { proc:write("x") })
    proc:close()
  end)

  it("lets a child write that many bytes, and end, before anybody reads", function()
    for _, stream in ipairs(require "spec.streams") do
      local proc = stream.sh("exec head -c 300000 /dev/zero", { pipe_size = 524288 })
      assert.same({ true, "exit", 0 }, { proc:wait() })
      assert.equal(("\0"):rep(300000), stream.read_all(proc))
    end
  end)

  it("is the kernel's default without it", function()
    local plain = capacities()
    assert.same(plain, capacities({}))
    assert.is_true(plain[1] >= 4096)
  end)

  it("that the kernel refuses leaves the default, silently", function()
    for _, size in ipairs { 2 ^ 40, 2 ^ 31, 2 ^ 32 + 4096, 2 ^ 52 } do
      assert.same(capacities(), capacities({ pipe_size = size }))
    end
  end)

  it("is nothing to streams that are no pipes", function()
    local found = capacities({ pipe_size = 131072, stdin = "null", stderr = "null" })
    assert.same({ 0, 131072, 0 }, found)
  end)

  it("goes with a merged stderr", function()
    assert.same({ 131072, 131072, 131072 }, capacities({ pipe_size = 131072, stderr = "stdout" }))
  end)
end)

describe("pipe.spawn throws, at the caller's line,", function()
  it("when pipe_size is not a whole number from 1 on", function()
    for _, size in ipairs { 0, -1, 1.5, nan, infinity, -infinity, "many", "", {}, true, print } do
      spawning.rejected("bad pipe_size option", { pipe_size = size })
    end
  end)
end)
