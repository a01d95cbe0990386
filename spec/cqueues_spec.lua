-- pipe.cqueues: life inside a cqueues controller.
local carried = require "spec.carried"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local thrown = require "spec.thrown"

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
  script = [[
    local adapter, controller = require "pipe.cqueues", require "cqueues".new()
    local function attach() return adapter.attach(controller) end
    local function start(f) controller:wrap(f) end
    local function run() assert(controller:loop()) end
  ]],
}

describe("pipe.cqueues", function()
  before_each(case.before)
  after_each(case.after)

  for name, body in pairs(case.cases) do
    it(name, body)
  end

  it("is attached to the controller that runs, when it is given none", function()
    adapter.detach()
    thrown("bad controller arg: cqueues controller expected, got nil", adapter.attach)
    thrown("bad controller arg: cqueues controller expected, got table", adapter.attach, {})
    controller:wrap(function()
      assert(adapter.attach())
      pipe.sleep(0)
    end)
    assert(controller:loop())
  end)

  it("is attached to one controller only, but lets coroutines of others wait as well", function()
    local other = cqueues.new()
    thrown("pipe.cqueues is attached to another loop already", adapter.attach, other)
    local line
    other:wrap(function()
      line = assert(pipe.spawn({ "echo", "text" })):stdout_read_line()
    end)
    controller:wrap(function() assert(other:loop()) end)
    assert(controller:loop())
    assert.equal("text", line)
  end)

  it("moves to another controller, and those who wait stay with theirs", function()
    local semaphore, other, results = pipe.semaphore.new(), cqueues.new(), {}
    controller:wrap(function() results.here = semaphore:wait(math.huge) end)
    controller:step(0)
    adapter.detach()
    assert(adapter.attach(other))
    other:wrap(function()
      pipe.sleep(0)
      semaphore:post()
      results.there = true
    end)
    assert(other:loop())
    assert(controller:loop())
    assert.same({ here = true, there = true }, results)
  end)

  it("throws in a coroutine that no controller resumes", function()
    local ok, message = coroutine.resume(coroutine.create(pipe.sleep), 0)
    assert.is_false(ok)
    assert.equal("cannot wait outside a cqueues controller", message)
  end)

  it("tells the controller of what a coroutine throws", function()
    controller:wrap(function()
      pipe.sleep(0)
      error("broken")
    end)
    local ok, message = controller:loop()
    assert.is_false(ok)
    assert.is_truthy(message:find("broken", 1, true))
    assert(controller:loop())
  end)
end)

describe("pipe.cqueues in a host of its own", function()
  for name, body in pairs(case.hosted) do
    it(name, body)
  end
end)
