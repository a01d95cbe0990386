-- idle_wakeups CHILDREN SECONDS: as bench/pipe/idle_wakeups.lua.
package.path = package.path .. ";bench/?.lua"
local burden = require("burden")
local child = require("child")
local clock = require("clock")
local uv = require("luv")
local wakeups = require("wakeups")

local children, seconds = assert(tonumber(arg[1])), assert(tonumber(arg[2]))

local function spawn(program, args, on_exit)
  local stdio = { uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false) }
  return { process = assert(uv.spawn(program, { args = args, stdio = stdio }, on_exit)), stdio = stdio }
end

local function never() error("a child that lives for ever has ended") end

burden.raise_descriptor_limit()
local handles = {}
for i = 1, children do
  handles[i] = spawn(child("child_sleep"), {}, never)
  assert(handles[i].stdio[2]:read_start(never))
end
local pause = uv.new_timer() -- for them to be asleep, too
pause:start(100, 0, function()
  pause:close()
  uv.stop()
end)
uv.run()

-- No timer of ours: another child's exit ends it.
local last = spawn("sleep", { tostring(seconds) }, function(code, signum)
  assert(code == 0 and signum == 0)
  uv.stop()
end)
local before, start = wakeups(), clock.wall()
uv.run()
local after, took = wakeups(), clock.wall() - start
assert(last and took > seconds * 0.9)
clock.report("wakeups", after - before - 1) -- without that exit
