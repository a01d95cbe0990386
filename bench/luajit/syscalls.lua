-- How many system calls a contender's ping_pong makes for each round trip, as strace counts them over many of them and
-- over few. KIND is that of the contender. With a SYSTEM_CALL named, that one fails as on a kernel that has none of it.
--
-- The cat takes its time: the real one is done before the host, which strace slows down, has looked.
package.path = package.path .. ";bench/?.lua"
local clock = require("clock")

local FEW, MANY = 500, 2500
-- The host's own calls only, not the child's.
local COMMAND = "{ strace -c %s -o /dev/fd/3 %s %d child_slow_cat >/dev/null; } 3>&1 || echo failed"

local kind, missing = ...
local injection = missing and ("-e inject=%s:error=ENOSYS"):format(missing) or ""
local program = kind == "c" and os.getenv("BENCH_CHILDREN") .. "/ping_pong"
  or ("%s bench/%s/ping_pong.lua"):format(arg[-1], kind)

local function count(round_trips)
  local strace = assert(io.popen(COMMAND:format(injection, program, round_trips)))
  local summary = strace:read("*a")
  strace:close()
  -- The last line has the share of time, the seconds, the microseconds a call, the calls, and the errors if any.
  local calls = summary:match("([^\n]+) total\n$"):match("^ *%S+ +%S+ +%S+ +(%d+)")
  return assert(tonumber(calls), summary)
end

-- One round trip in a thousand may find the answer there at once.
local each = (count(MANY) - count(FEW)) / (MANY - FEW)
clock.report("syscalls", math.floor(each * 100 + 0.5) / 100)
