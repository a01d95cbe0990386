---Child processes for LuaJIT, without blocking: the API of OpenResty's ngx.pipe, in any script. docs/contract.md says
---what users may rely on.

require("pipe.clib") -- first: it says, in one sentence, why it cannot work here

local timer = require("pipe.timer")

-- The loop reserves a few descriptors, and spawning is quick while their numbers are low: now, before the host opens
-- its own. What cannot be had now is tried again at the first use.
require("pipe.engine").open()

---@class pipe
---@field pipeline fun(stages: (string|table)[], opts: pipe.SpawnOptions?): pipe.Pipeline?, string?, string?
---@field coroutine pipe.coroutine
---@field signal pipe.signal
local pipe = {
  version = "0.2.0-dev",
  spawn = require("pipe.process").spawn,
  wait_any = require("pipe.wait_any"),
  run = require("pipe.run").run,
  shell = require("pipe.shell"),
  sleep = timer.sleep,
  thread = require("pipe.thread"),
  semaphore = require("pipe.semaphore"),
  loop = require("pipe.loop"),
}

-- Loaded when a script first names them. Few do, and the code of the others would lie in their heap, where it makes
-- each cycle of the collector longer, and require("pipe") too.
local later = { pipeline = true, coroutine = true, signal = true }

return setmetatable(pipe, {
  __index = function(_, name)
    if later[name] then
      pipe[name] = require("pipe." .. name)
      return pipe[name]
    end
  end,
})
