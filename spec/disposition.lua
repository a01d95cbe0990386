--- What this process does with a signal, as the kernel has it: "default", "ignored" or "caught".
local libc = require "spec.libc"
local signum = require "pipe.signum"

local function is_in(mask, number)
  -- Sixteen hexadecimal digits, the last one for the signals 1 to 4.
  local digit = 16 - math.floor((number - 1) / 4)
  return bit.band(tonumber(mask:sub(digit, digit), 16), bit.lshift(1, (number - 1) % 4)) ~= 0
end

return function(name)
  local file = assert(io.open("/proc/self/status"))
  local state = libc.signal_state(file:read("*a"))
  file:close()
  local number = assert(signum[name])
  return is_in(state.SigIgn, number) and "ignored" or is_in(state.SigCgt, number) and "caught" or "default"
end
