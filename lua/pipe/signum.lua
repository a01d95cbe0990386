-- Signal numbers by name.

local signame = require("pipe.signame")

local RTMIN, RTMAX = 34, 64

---"TERM" and "SIGTERM" are both 15.
---@type table<string, integer>
local signum = {}

local function add(name, number)
  signum[name], signum["SIG" .. name] = number, number
end

for number, name in pairs(signame) do
  add(name, number)
end
add("IOT", signum.ABRT)
add("CLD", signum.CHLD)
add("POLL", signum.IO)
for offset = 1, RTMAX - RTMIN do
  add("RTMIN+" .. offset, RTMIN + offset)
  add("RTMAX-" .. offset, RTMAX - offset)
end

return signum
