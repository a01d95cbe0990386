-- pipe.luv: life inside libuv's loop, as luv has it.
local carried = require "spec.carried"
local leaks = require "spec.leaks"

local luv = require "pipe.luv"
local uv = require "luv"

-- Both loops open their descriptors at their first use.
setup(function()
  luv.attach()
  luv.detach()
  uv.run()
  leaks.remember()
end)
teardown(function()
  uv.run()
  leaks.check()
end)

local case = carried {
  name = "pipe.luv",
  attach = luv.attach,
  start = function(f) coroutine.wrap(f)() end,
  later = function(f)
    local timer = uv.new_timer()
    timer:start(1, 0, function()
      timer:close()
      f()
    end)
  end,
  turn = function() uv.run("once") end,
  finish = uv.run,
}

describe("pipe.luv", function()
  before_each(case.before)
  after_each(case.after)

  for name, body in pairs(case.cases) do
    it(name, body)
  end
end)
