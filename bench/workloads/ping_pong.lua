-- Through cat, most of the time goes into waking each other on another processor; on one processor, into what both do.
-- The system calls are counted by strace, through a cat that takes its time, so that every round trip has to wait.
local ROUND_TRIPS = 50000

local to_and_fro, pinned = "through cat", "through cat, on one processor"
local calls, calls_of_old = "system calls", "system calls, no RWF_NOSIGNAL"

local function syscalls(name, missing, kinds)
  local contenders = {}
  for column, kind in pairs(kinds) do
    contenders[#contenders + 1] = { column, luajit "syscalls", kind, missing }
  end
  table.sort(contenders, function(a, b) return a[1] < b[1] end)
  return { name = name, metric = "syscalls", unit = "calls", rounds = 1, chart = false, contenders = contenders }
end

return {
  number = 8,
  title = "ping-pong of a line",
  cases = {
    { name = to_and_fro, metric = "us", unit = "µs", rounds = 11, chart = "ping-pong", contenders = {
      { "C", c "ping_pong", ROUND_TRIPS, "cat" },
      { "pipe", pipe "ping_pong", ROUND_TRIPS, "cat" },
      { "pipe, light thread", pipe "in_thread", "ping_pong", ROUND_TRIPS, "cat" },
      { "luv", luv "ping_pong", ROUND_TRIPS, "cat" },
      { "ngx.pipe", ngx "ping_pong", ROUND_TRIPS, "cat" },
    } },
    { name = pinned, metric = "us", unit = "µs", rounds = 7, chart = false, contenders = {
      { "C", c "ping_pong", ROUND_TRIPS, "cat", "pinned" },
      { "pipe", pipe "ping_pong", ROUND_TRIPS, "cat", "pinned" },
      { "pipe, light thread", pipe "in_thread", "ping_pong", ROUND_TRIPS, "cat", "pinned" },
      { "luv", luv "ping_pong", ROUND_TRIPS, "cat", "pinned" },
    } },
    syscalls(calls, nil, { C = "c", pipe = "pipe", luv = "luv" }),
    syscalls(calls_of_old, "pwritev2", { pipe = "pipe" }),
  },
  figures = {
    { "a round trip through cat: time against C", most = 1.05, ratio = function(m)
      return m[to_and_fro].pipe / m[to_and_fro].C
    end },
    { "a round trip", most = 3, unit = "calls", ratio = function(m) return m[calls].pipe end },
    { "a round trip without RWF_NOSIGNAL", most = 5, unit = "calls", ratio = function(m)
      return m[calls_of_old].pipe
    end },
  },
}
