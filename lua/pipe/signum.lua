-- Signal numbers by name.

local signame = require("pipe.signame")

local numbers = {}
for number, name in pairs(signame) do
  numbers[name] = number
end
numbers.IOT, numbers.CLD, numbers.POLL = numbers.ABRT, numbers.CHLD, numbers.IO

-- "RTMIN+1" to "RTMAX-1".
local function real_time(name)
  local from, sign, offset = name:match("^(RTM%u%u)([+-])([1-9]%d?)$")
  local number = sign == "+" and from == "RTMIN" and numbers.RTMIN + offset
    or sign == "-" and from == "RTMAX" and numbers.RTMAX - offset
  return number and number >= numbers.RTMIN and number <= numbers.RTMAX and number or nil
end

local function find(_, name)
  if type(name) ~= "string" then
    return nil
  end
  local short = name:match("^SIG(.*)") or name
  return numbers[short] or real_time(short)
end

---"TERM" and "SIGTERM" are both 15.
---@type table<string, integer>
return setmetatable({}, { __index = find })
