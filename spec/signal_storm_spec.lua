-- pipe.signal under load: none is lost, but for equal ones that the kernel merges while they are pending.
local host = require "spec.host"
local leaks = require "spec.leaks"

setup(leaks.remember)
teardown(leaks.check)

-- A shell function: sends its first argument's signal as often as the second says.
local send = [[
  send() {
    left=$2
    while [ $left -gt 0 ]; do
      kill -$1 $PPID
      left=$((left - 1))
    done
  }
]]

local busy = {
  ["in light threads that give each other turns"] = [[
    for _ = 1, 3 do
      pipe.thread.spawn(function()
        while not over do
          work()
          coroutine.yield()
        end
      end)
    end
    pipe.loop.run()
  ]],
  ["in the main chunk, with a glance at the loop now and then"] = [[
    while not over do
      work()
      pipe.sleep(0)
    end
  ]],
  ["in the main chunk, inside another event loop"] = [[
    while not over do
      work()
      pipe.loop.step()
    end
  ]],
}

describe("Ten thousand HUPs, with one TERM among them, to a host that is busy", function()
  for name, loop in pairs(busy) do
    it(name .. ", are all heard of", function()
      assert.equal("true\t1\t1\n", host.output(([[
        local pipe = require "pipe"
        local over, hups, terms, marks = false, 0, 0, 0
        local function work()
          local sum = 0
          for i = 1, 10000 do
            sum = sum + i %% 7
          end
          return sum
        end
        pipe.signal.on("HUP", function() hups = hups + 1 end)
        pipe.signal.on("TERM", function() terms = terms + 1 end)
        pipe.signal.on("USR1", function()
          marks = marks + 1
          over = true
        end)
        local sender = assert(pipe.spawn({ "sh", "-c", %q }))
        %s
        pipe.sleep(0) -- a HUP may have come with the mark
        print(hups >= 1 and hups <= 10000, terms, marks)
        sender:wait()
      ]]):format(send .. "send HUP 5000; kill -TERM $PPID; send HUP 5000; kill -USR1 $PPID", loop)))
    end)
  end

  it("in a call that lasts, are heard of afterwards", function()
    assert.equal("1\t1\t1\tnil\ttimeout\n", host.output(([[
      local libc = require "spec.libc"
      local pipe = require "pipe"
      local names = { "USR1", "TERM", "HUP" }
      pipe.signal.wait(names, 1)
      local sender = assert(pipe.spawn({ "sh", "-c", %q }))
      libc.await_exit(sender:pid()) -- blocks the whole host
      local told = {}
      for _ = 1, 3 do
        local name = assert(pipe.signal.wait(names))
        told[name] = (told[name] or 0) + 1
      end
      print(told.HUP, told.TERM, told.USR1, pipe.signal.wait(names, 1))
      sender:wait()
    ]]):format(send .. "send HUP 5000; kill -TERM $PPID; send HUP 5000; kill -USR1 $PPID")))
  end)
end)

describe("Twenty thousand signals that the kernel does not merge", function()
  -- By a few hundred at a time, since the kernel bounds how many of them are pending.
  local sender = send .. "while read line; do send 36 400; done"

  it("are twenty thousand calls of a handler", function()
    assert.equal("20000\n", host.output(([[
      local pipe = require "pipe"
      local sender = assert(pipe.spawn({ "sh", "-c", %q }))
      local calls = 0
      local handle = pipe.signal.on(36, function()
        calls = calls + 1
        if calls %% 7 == 0 then
          coroutine.yield()
        end
        if calls %% 400 == 0 and calls < 20000 then
          sender:write("more\n")
        elseif calls == 20000 then
          sender:shutdown("stdin")
        end
      end)
      sender:write("more\n")
      sender:set_timeouts(nil, nil, nil, 0)
      assert(sender:wait())
      pipe.sleep(0)
      pipe.loop.run()
      print(calls)
    ]]):format(sender)))
  end)
end)

describe("Ten thousand signals, each sent when the one before has been told,", function()
  -- So the host is at any point on its way to sleep when the next one comes.
  local sender = "while read line; do kill -HUP $PPID; done"

  for name, round in pairs {
    ["find the main chunk that waits"] = [[
      child:write("\n")
      assert(pipe.signal.wait("HUP") == "HUP")
    ]],
    ["find the main chunk that works for a while, then waits"] = [[
      child:write("\n")
      for _ = 1, number % 100 * 20 do
        waste = waste + 1
      end
      assert(pipe.signal.wait("HUP") == "HUP")
    ]],
    ["find a light thread that waits"] = [[
      pipe.thread.wait(pipe.thread.spawn(function()
        child:write("\n")
        assert(pipe.signal.wait("HUP", 600000) == "HUP")
      end))
    ]],
    ["find a handler"] = [[
      child:write("\n")
      assert(gate:wait(math.huge))
    ]],
    ["find a handler that is at work for the one before"] = [[
      child:write("\n")
      assert(gate:wait(math.huge))
      slow = not slow
    ]],
  } do
    it(name, function()
      assert.equal("10000\n", host.output(([[
        local pipe = require "pipe"
        local child = assert(pipe.spawn({ "sh", "-c", %q }))
        local gate, calls, waste, slow = pipe.semaphore.new(), 0, 0, false
        pipe.signal.on("HUP", function()
          calls = calls + 1
          gate:post()
          if slow then
            pipe.sleep(0)
          end
        end)
        pipe.signal.wait("HUP", 1)
        for number = 1, 10000 do
          %s
        end
        pipe.loop.run()
        print(calls)
        child:close()
      ]]):format(sender, round)))
    end)
  end
end)
