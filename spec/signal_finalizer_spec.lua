-- pipe.signal.on while the garbage collector runs finalizers in the middle of it.
local host = require "spec.host"

describe("A finalizer that runs inside pipe.signal.on, at any of its allocations,", function()
  -- Sees to it that `finalizer` runs at the n-th allocation of `body`, for n = 1, 2, … until there are no more.
  local sweep = [[
    local libc = require "spec.libc"
    local pipe = require "pipe"
    local signal = pipe.signal
    jit.off() -- traces run no finalizers
    collectgarbage("setpause", 0)
    collectgarbage("setstepmul", 100000000) -- a whole cycle at each allocation
    local function at_each_allocation(body, finalizer, check)
      local n, left = 0, 0
      local function litter()
        getmetatable(newproxy(true)).__gc = function()
          left = left - 1
          if left == 0 then
            finalizer()
          elseif left > 0 then
            litter()
          end
        end
      end
      repeat
        n = n + 1
        left = n
        litter()
        body()
        local done = left <= 0
        left = 0
        collectgarbage()
        check()
      until not done
      assert(n > 3)
    end
    local function raise(name)
      libc.C.kill(libc.C.getpid(), signal.signum(name))
      pipe.sleep(0)
      pipe.loop.run()
    end
  ]]

  it("finds nothing that nobody knows of, though the signal comes just then", function()
    assert.equal("nil\n", host.output(sweep .. [[
      local handle, problem
      at_each_allocation(function() handle = signal.on("URG", print) end, function()
        libc.C.kill(libc.C.getpid(), signal.signum("URG")) -- ignored, until it is caught
        local ok, err = pcall(signal.reset, "HUP")
        problem = problem or not ok and err or nil
      end, function() handle:stop() end)
      print(problem)
    ]]))
  end)

  it("may handle the same signal: each handler is called", function()
    assert.equal("done\n", host.output(sweep .. [[
      local outer, inner
      local calls = 0
      local function handler() calls = calls + 1 end
      at_each_allocation(function() outer = signal.on("URG", handler) end,
        function() inner = signal.on("URG", handler) end,
        function()
          calls = 0
          raise("URG")
          assert(calls == (inner and 2 or 1), calls)
          assert(outer:stop() and (not inner or inner:stop()))
          inner = nil
        end)
      print "done"
    ]]))
  end)
end)
