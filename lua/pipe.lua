---Child processes for LuaJIT, without blocking: the API of OpenResty's ngx.pipe, in any script. docs/contract.md says
---what users may rely on.

require("pipe.clib") -- first: it says, in one sentence, why it cannot work here

local timer = require("pipe.timer")

-- The loop reserves a few descriptors, and spawning is quick while their numbers are low: now, before the host opens
-- its own. What cannot be had now is tried again at the first use.
require("pipe.engine").open()

---@class pipe
local pipe = {
  version = "0.1.0",
  spawn = require("pipe.process").spawn,
  wait_any = require("pipe.wait_any"),
  run = require("pipe.run").run,
  shell = require("pipe.shell"),
  pipeline = require("pipe.pipeline"),
  sleep = timer.sleep,
  thread = require("pipe.thread"),
  semaphore = require("pipe.semaphore"),
  coroutine = require("pipe.coroutine"),
  loop = require("pipe.loop"),
  signal = require("pipe.signal"),
}

return pipe
