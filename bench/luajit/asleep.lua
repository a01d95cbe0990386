-- asleep COUNT: memory for each of many coroutines that have yielded: no light thread can do with less.
package.path = package.path .. ";bench/?.lua"
local asleep = require("asleep")
local report = require("report")

local function nap()
  coroutine.yield()
  error("resumed")
end

report(asleep(arg, function()
  local co = coroutine.create(nap)
  assert(coroutine.resume(co))
  return co
end, function() end))
