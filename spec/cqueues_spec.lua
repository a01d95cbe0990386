-- pipe.cqueues: life inside a cqueues controller.
local carried = require "spec.carried"
local leaks = require "spec.leaks"
local pipe = require "pipe"

local cqueues = require "cqueues"
local adapter = require "pipe.cqueues"

local controller = cqueues.new()

-- Both open their descriptors at their first use.
setup(function()
  adapter.attach(controller)
  controller:wrap(pipe.sleep, 0)
  controller:loop()
  adapter.detach()
  leaks.remember()
end)
teardown(leaks.check)

local case = carried {
  name = "pipe.cqueues",
  attach = function() return adapter.attach(controller) end,
  start = function(f)
    controller:wrap(f)
    controller:step(0)
  end,
  later = function(f)
    controller:wrap(function()
      cqueues.sleep(0.001)
      f()
    end)
  end,
  turn = function() assert(controller:step()) end,
  finish = function() assert(controller:loop()) end,
}

describe("pipe.cqueues", function()
  before_each(case.before)
  after_each(case.after)

  for name, body in pairs(case.cases) do
    it(name, body)
  end
end)
