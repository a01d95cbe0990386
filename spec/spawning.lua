--- What the specs of spawn's options share: what a child prints, and the two ways in which a spawn does not happen.
local assert = require "luassert"
local leaks = require "spec.leaks"
local pipe = require "pipe"
local thrown_head = require "spec.thrown_head"

local spawning = {}

--- What a program writes to its stdout; it has to end well.
function spawning.output(args, options)
  local proc = assert(pipe.spawn(args, options))
  local text = proc:stdout_read_all()
  assert.same({ true, "exit", 0 }, { proc:wait() })
  return text
end

-- The host's descriptors and children; those of earlier tests may vanish at any time, when they are collected.
local function belongings()
  local all = {}
  for fd, target in pairs(leaks.descriptors()) do
    all["descriptor " .. fd .. " " .. target] = true
  end
  for _, line in ipairs(leaks.children()) do
    all["child " .. line:match("^%d+")] = true
  end
  return all
end

--- Runs the body, which must leave the host without a new descriptor or child.
function spawning.leaves_nothing(body)
  local before = belongings()
  body()
  for name in pairs(belongings()) do
    assert.is_true(before[name], "left behind: " .. name)
  end
end

--- Asserts that spawn throws a text with this beginning, at the caller's line, before anything has been started.
function spawning.rejected(beginning, options, args)
  args = args or { "true" }
  spawning.leaves_nothing(function()
    thrown_head(beginning, pipe.spawn, args, options)
  end)
end

--- Asserts that spawn fails with just this, a hundred times over, and leaves nothing behind.
function spawning.refused(message, code, options, args)
  spawning.leaves_nothing(function()
    for _ = 1, 100 do
      assert.same({ nil, message, code }, { pipe.spawn(args or { "true" }, options) })
    end
  end)
end

return spawning
