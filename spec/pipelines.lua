--- Pipelines for specs: starting them, and what becomes of their stages.
local assert = require "luassert"
local eventually = require "spec.eventually"
local libc = require "spec.libc"
local pipe = require "pipe"

local pipelines = {}

function pipelines.start(stages, options)
  return assert(pipe.pipeline(stages, options))
end

function pipelines.cats(options)
  return pipelines.start({ { "cat" }, { "cat" }, { "cat" } }, options)
end

--- The exits in wait's results, as words.
function pipelines.exits(results)
  local list = {}
  for index, result in ipairs(results) do
    list[index] = result.reason .. " " .. tostring(result.status)
  end
  return table.concat(list, ", ")
end

--- Waits until none of the processes is there any more.
function pipelines.gone(pids)
  for _, pid in ipairs(pids) do
    assert.is_true(eventually(function() return not libc.exists(pid) end), "process " .. pid .. " is still there")
  end
end

return pipelines
