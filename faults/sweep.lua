-- Goes through one variant: once without a fault, which tells what there is to fail, and then with each of them.

local calls = require("faults.calls")
local harmless = require("faults.harmless")
local host_run = require("faults.host_run")
local verdict = require("faults.verdict")

local sweep = {}

local PATIENCE = 20 -- calls of one place in a row, before the steps grow by one
local MOST = 10000 -- calls of one kind in a scenario; more is an endless loop

---@class faults.Rig
---@field place { luajit: string, shim: string }
---@field sites table
---@field matrix table
---@field quick boolean
---@field seen table<string, boolean> for `quick`: what has failed already, by call, place and errno
---@field complain fun(text: string)

-- Where the fault made the library choose the other reaper, what that one leaves is the measure.
local function measure(rig, variant, dry, result)
  if not result.reaper or result.reaper == "none" or result.reaper == dry.reaper then
    return dry
  end
  if not variant.other then
    local environment = { PIPE_REAPER = result.reaper, PIPE_SPAWN = variant.environment.PIPE_SPAWN }
    local other = { scenario = variant.scenario, environment = environment, never = variant.never }
    variant.other = host_run.run(rig.place, other, "none", 0, "none")
  end
  return variant.other
end

-- The place of the n-th call; nil if there was none.
local function fail(rig, variant, dry, name, nth, errno)
  local result = host_run.run(rig.place, variant, name, nth, errno)
  if not result.injected and not result.wrong then
    return nil
  end
  local outcome, problem = verdict(result, measure(rig, variant, dry, result), name)
  rig.matrix:add(name, errno, outcome)
  local place = result.injected and rig.sites:place(result.injected:match("%x+$")) or "nowhere"
  if result.injected then
    rig.sites:reached(result.injected:match("%x+$"))
  end
  for _, address in ipairs(result.refused) do
    rig.sites:reached(address)
  end
  if problem then
    rig.complain(("%s: %s of %s, call %d, at %s: %s"):format(variant.title, errno, name, nth, place, problem))
  end
  return place
end

-- One call after the other. Where one place makes many in a row (for each process in /proc), the steps grow. At another
-- place, or the end, they are one again, from the last call that was not passed over.
local function all(rig, variant, dry, name, errno)
  local nth, step, last, streak = 1, 1, nil, 0
  while nth <= MOST do
    local place = fail(rig, variant, dry, name, nth, errno)
    if step > 1 and place ~= last then
      nth, step, last = nth - step + 1, 1, nil
    elseif not place then
      return
    else
      streak = place == last and streak + 1 or 0
      last, step = place, 1 + math.floor(streak / PATIENCE)
      nth = nth + step
    end
  end
  rig.complain(("%s: there is no end of %s"):format(variant.title, name))
end

-- The first call at each place: with each errno if that place is new, else with one of them.
local function some(rig, variant, dry, name, firsts)
  for place, nth in pairs(firsts) do
    local list = calls[name][1]
    local key = name .. " " .. place .. (variant.never.kill or "") -- a second failure comes after the first
    local turn, come = (rig.seen[key] or 0) + 1, false
    for i, errno in ipairs(list) do
      if turn == 1 or i == (turn - 1) % #list + 1 then
        come = fail(rig, variant, dry, name, nth, errno) ~= nil or come
      end
    end
    rig.seen[key] = come and turn or rig.seen[key] -- what only a race reaches may not come again
  end
end

-- By call: by place, which of the calls was the first there.
local function sort_calls(rig, variant, dry)
  local found = {}
  for _, call in pairs(dry.calls) do
    if calls[call.name] then
      found[call.name] = found[call.name] or {}
      local place = rig.sites:place(call.site)
      found[call.name][place] = math.min(found[call.name][place] or math.huge, call.first)
    elseif harmless(call.name) then
      rig.sites:reached(call.site)
    else
      rig.complain(variant.title .. ": " .. call.name .. " is neither in faults/calls.lua nor in faults/harmless.lua")
    end
  end
  return found
end

---The runs of a variant, to be called in any order.
---@param rig faults.Rig
---@param variant table
---@return function[] runs
function sweep.plan(rig, variant)
  local dry = host_run.run(rig.place, variant, "none", 0, "none")
  if dry.wrong then
    rig.complain(variant.title .. ": it does not work without a fault: " .. dry.wrong)
    return {}
  end
  local runs = {}
  for name, firsts in pairs(sort_calls(rig, variant, dry)) do
    if rig.quick then
      table.insert(runs, function() some(rig, variant, dry, name, firsts) end)
    else
      for _, errno in ipairs(calls[name][1]) do
        table.insert(runs, function() all(rig, variant, dry, name, errno) end)
      end
    end
  end
  return runs
end

return sweep
