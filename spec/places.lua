--- The two places where most calls stand. A spec that loops over them runs each case in both.
local pipe = require "pipe"

local function in_light_thread(body)
  local ok, failure = pipe.thread.wait(pipe.thread.spawn(body))
  if not ok then
    error(failure, 0)
  end
end

return {
  { name = "the main chunk", run = function(body) body() end },
  { name = "a light thread", run = in_light_thread },
}
