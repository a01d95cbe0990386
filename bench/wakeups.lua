-- How often this process, all of its threads together, has gone to sleep in the kernel: as often as it has been woken.
local ffi = require("ffi")

ffi.cdef([[
struct bench_switches { long seconds[4], others[12], voluntary, involuntary; };
int bench_getrusage_switches(int who, struct bench_switches *usage) __asm__("getrusage");
]])

local RUSAGE_SELF = 0

local usage = ffi.new("struct bench_switches")

return function()
  if ffi.C.bench_getrusage_switches(RUSAGE_SELF, usage) ~= 0 then error("getrusage failed") end
  return tonumber(usage.voluntary)
end
