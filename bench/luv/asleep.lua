-- asleep COUNT: memory for each of many coroutines that a timer of luv will resume.
package.path = package.path .. ";bench/?.lua"
local asleep = require("asleep")
local report = require("report")
local uv = require("luv")

local function sleep(seconds)
  local co = coroutine.running()
  local timer = uv.new_timer()
  timer:start(seconds * 1000, 0, function()
    timer:close()
    assert(coroutine.resume(co))
  end)
  coroutine.yield()
end

local function nap()
  sleep(3600)
  error("an hour has passed")
end

report(asleep(arg, function()
  local co = coroutine.create(nap)
  assert(coroutine.resume(co))
  return co
end, function()
  uv.run("nowait")
end))
