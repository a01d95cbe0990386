-- The fault injection rig: luajit faults/run.lua --build BUILD [--quick] [--jobs N] [SCENARIO...]
-- in the project's root, as `make faults` does. CONTRIBUTING.md tells what it does.

local ffi = require("ffi")
local libc = require("faults.libc")
local matrix = require("faults.matrix")
local pipe = require("pipe")
local sites = require("faults.sites")
local sweep = require("faults.sweep")
local variants = require("faults.variants")

-- In some traces of pairs() LuaJIT as Debian 12 has it swaps two registers by an instruction that drops their upper
-- halves, and crashes. This program runs for long, and waits for others.
jit.off()

ffi.cdef("unsigned geteuid(void);")

local USAGE = "usage: luajit faults/run.lua --build BUILD [--quick] [--jobs N] [SCENARIO...]"

local function parse(arguments)
  local settings, i = { jobs = 2, scenarios = {} }, 1
  while arguments[i] do
    local name = arguments[i]:match("^%-%-(.*)$")
    if name == "quick" then
      settings.quick = true
    elseif name == "build" or name == "jobs" then
      i = i + 1
      settings[name] = arguments[i]
    elseif name then
      error(USAGE, 0)
    else
      settings.scenarios[arguments[i]] = true
    end
    i = i + 1
  end
  if not settings.build then
    error(USAGE, 0)
  end
  return settings
end

local is_root = ffi.C.geteuid() == 0

local function chosen(settings)
  local list = {}
  for _, variant in ipairs(variants) do
    if (not next(settings.scenarios) or settings.scenarios[variant.scenario]) and (is_root or not variant.root) then
      list[#list + 1] = variant
    end
  end
  return list
end

-- As many at a time as there are jobs.
local function work_off(queue, jobs)
  for _ = 1, jobs do
    pipe.thread.spawn(function()
      while #queue > 0 do
        table.remove(queue)()
      end
    end)
  end
  pipe.loop.run()
end

local settings = parse(arg)
local complaints = 0
local library = settings.build .. "/libpipe_core.so"
local rig = {
  place = { luajit = settings.build .. "/bin/luajit", shim = settings.build .. "/faults/libfaults.so" },
  sites = sites.new(library), matrix = matrix.new(), quick = settings.quick, seen = {},
  complain = function(text)
    complaints = complaints + 1
    io.stderr:write(text, "\n")
  end,
}
function pipe.thread.on_error(_, err, traceback)
  rig.complain(tostring(err) .. "\n" .. traceback)
end

for _, name in ipairs(rig.sites:unlisted()) do
  rig.complain("the library calls " .. name .. ", which is neither in faults/calls.lua nor in faults/harmless.lua")
end
libc.adopt_orphans()
local started = os.time()
for _, variant in ipairs(chosen(settings)) do
  local queue = {}
  pipe.thread.spawn(function() queue = sweep.plan(rig, variant) end)
  pipe.loop.run()
  local before = rig.matrix.runs
  work_off(queue, tonumber(settings.jobs))
  libc.end_children() -- who has left the process group of a host that has died
  io.stderr:write(("%s: %d runs\n"):format(variant.title, rig.matrix.runs - before))
end

rig.matrix:print()
local missed, count = rig.sites:missed()
print(("%d runs in %d seconds; %d of %d places in the sources have failed"):format(rig.matrix.runs,
  os.time() - started, count - #missed, count))
if not next(settings.scenarios) then
  for _, name in ipairs(rig.matrix:missed(is_root)) do
    rig.complain("never failed: " .. name)
  end
  -- Some places are reached by a race only: --quick may miss them.
  for _, place in ipairs(settings.quick and {} or missed) do
    rig.complain("nothing ever failed at " .. place)
  end
end
if complaints > 0 then
  print(complaints .. " complaints")
end
os.exit(complaints == 0 and 0 or 1, true)
