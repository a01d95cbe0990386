-- What a benchmark program in Lua reads from the kernel about itself, and how it tells the driver.
local ffi = require("ffi")

-- Names of our own: the libraries under test declare the same functions.
ffi.cdef([[
struct bench_timespec { long tv_sec; long tv_nsec; };
struct bench_rusage { long utime_sec, utime_usec, stime_sec, stime_usec, others[14]; };
int bench_clock_gettime(int clock, struct bench_timespec *now) __asm__("clock_gettime");
int bench_getrusage(int who, struct bench_rusage *usage) __asm__("getrusage");
]])

local CLOCK_MONOTONIC, RUSAGE_SELF = 1, 0

local now = ffi.new("struct bench_timespec")
local usage = ffi.new("struct bench_rusage")

local clock = {}

--- Seconds since some moment in the past, as they pass on the wall.
function clock.wall()
  if ffi.C.bench_clock_gettime(CLOCK_MONOTONIC, now) ~= 0 then error("clock_gettime failed") end
  return tonumber(now.tv_sec) + tonumber(now.tv_nsec) * 1e-9
end

--- Seconds of processor time that this process has used, in the kernel too; without its children.
function clock.cpu()
  if ffi.C.bench_getrusage(RUSAGE_SELF, usage) ~= 0 then error("getrusage failed") end
  return tonumber(usage.utime_sec + usage.stime_sec) + tonumber(usage.utime_usec + usage.stime_usec) * 1e-6
end

--- The most memory in bytes that this process has ever had resident.
function clock.peak()
  local status = assert(io.open("/proc/self/status"))
  local kibibytes = assert(status:read("*a"):match("VmHWM:%s*(%d+) kB"))
  status:close()
  return tonumber(kibibytes) * 1024
end

--- Prints a result for the driver.
function clock.report(metric, number)
  io.stdout:write(("%s %.9g\n"):format(metric, number))
end

return clock
