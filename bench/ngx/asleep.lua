-- As bench/pipe/asleep.lua. COUNT
package.path = package.path .. ";bench/?.lua"
local asleep = require("asleep")

local function nap()
  ngx.sleep(3600)
  error("an hour has passed")
end

local threads = {}
local metrics = asleep({ (...) }, function()
  local th = ngx.thread.spawn(nap)
  threads[#threads + 1] = th
  return th
end, function() ngx.sleep(0) end)
for _, th in ipairs(threads) do ngx.thread.kill(th) end
return metrics
