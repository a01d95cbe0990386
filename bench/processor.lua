-- Where this process and its children may run.
local ffi = require("ffi")

ffi.cdef([[
int bench_sched_getcpu(void) __asm__("sched_getcpu");
int bench_sched_setaffinity(int pid, size_t size, const uint8_t *mask) __asm__("sched_setaffinity");
]])

local MASK_SIZE = 128 -- 1,024 processors, as libc's cpu_set_t

local processor = {}

--- From now on only on the one that runs us.
function processor.stay()
  local number = ffi.C.bench_sched_getcpu()
  assert(number >= 0 and number < MASK_SIZE * 8, "sched_getcpu failed")
  local mask = ffi.new("uint8_t[?]", MASK_SIZE)
  mask[math.floor(number / 8)] = 2 ^ (number % 8)
  assert(ffi.C.bench_sched_setaffinity(0, MASK_SIZE, mask) == 0, "sched_setaffinity failed")
end

return processor
