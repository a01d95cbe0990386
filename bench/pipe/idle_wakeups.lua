-- idle_wakeups CHILDREN SECONDS REAPER: how often a host is woken that has nothing to do: somebody waits for the exit
-- of each child, and somebody for a line of it, without timeouts. REAPER: "pidfd" or "sigchld".
package.path = package.path .. ";bench/?.lua"
local burden = require("burden")
local child = require("child")
local clock = require("clock")
local ffi = require("ffi")
local wakeups = require("wakeups")

ffi.cdef([[int bench_setenv(const char *name, const char *value, int overwrite) __asm__("setenv");]])

local children, seconds, reaper = assert(tonumber(arg[1])), assert(tonumber(arg[2])), assert(arg[3])
assert(ffi.C.bench_setenv("PIPE_REAPER", reaper, 1) == 0)
local pipe = require("pipe") -- reads that

local NEVER = { stdout_read_timeout = 0, wait_timeout = 0 }

burden.raise_descriptor_limit()
for _ = 1, children do
  local proc = assert(pipe.spawn({ child("child_sleep") }, NEVER))
  local function never() error("a child that lives for ever has ended") end
  pipe.thread.spawn(function() never(proc:wait()) end)
  pipe.thread.spawn(function() never(proc:stdout_read_line()) end)
end
pipe.sleep(0.1) -- for them to be asleep, too

-- No timer of ours: another child's exit ends it.
local last = assert(pipe.spawn({ "sleep", tostring(seconds) }, NEVER))
local before, start = wakeups(), clock.wall()
assert(last:wait())
local after, took = wakeups(), clock.wall() - start
assert(took > seconds * 0.9)
clock.report("wakeups", after - before - 1) -- without that exit
