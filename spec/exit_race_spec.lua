-- An exit that comes at the worst moment: before anybody watches for it. It is told all the same, ten thousand times.
local in_between = require "spec.in_between"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"
local places = require "spec.places"

setup(leaks.remember)
teardown(leaks.check)

after_each(in_between.forget)

local function kill(proc)
  assert(libc.C.kill(proc:pid(), libc.SIGKILL) == 0)
  libc.await_exit(proc:pid())
end

-- Each starts a child, and has it end at its moment; the words are what wait must tell of it.
local moments = {
  ["at some time around the wait"] = function()
    return assert(pipe.spawn({ "/bin/true" })), "true exit 0"
  end,
  ["before the wait"] = function()
    local proc = assert(pipe.spawn({ "/bin/false" }))
    libc.await_exit(proc:pid())
    return proc, "false exit 1"
  end,
  ["between the wait's look and its watcher"] = function()
    local proc = assert(pipe.spawn({ "/bin/cat" }))
    in_between.run(function() kill(proc) end)
    return proc, "false signal 9"
  end,
  ["when the watcher is armed, before the loop turns"] = function()
    local proc = assert(pipe.spawn({ "/bin/cat" }))
    pipe.thread.spawn(function()
      coroutine.yield()
      kill(proc)
    end)
    return proc, "false signal 9"
  end,
}

for _, place in ipairs(places) do
  for moment, start in pairs(moments) do
    describe(("An exit %s, in %s,"):format(moment, place.name), function()
      it("is told each of 1250 times", function()
        place.run(function()
          for _ = 1, 1250 do
            local proc, expected = start()
            local ok, reason, status = proc:wait()
            local told = ("%s %s %s"):format(ok, reason, status)
            if told ~= expected then
              assert.equal(expected, told)
            end
          end
        end)
      end)
    end)
  end
end
