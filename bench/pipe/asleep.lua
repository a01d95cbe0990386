-- asleep COUNT: memory for each of many light threads that sleep.
package.path = package.path .. ";bench/?.lua"
local asleep = require("asleep")
local report = require("report")
local pipe = require("pipe")

local function nap()
  pipe.sleep(3600)
  error("an hour has passed")
end

report(asleep(arg, function()
  return pipe.thread.spawn(nap)
end, function()
  pipe.sleep(0) -- a turn of the loop
end))
