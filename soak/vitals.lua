--- What must stay flat while the host works: its descriptors, children, memory and signal settings.
local eventually = require "spec.eventually"
local files = require "spec.files"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local memory = require "bench.memory"

local vitals = {}

local KIB, MIB = 1024, 1024 * 1024

-- What is told, and how much more memory there may be after any number of operations than after the first ones: what
-- the allocators and LuaJIT keep for later; of malloc's, the one block that a loop may have to spare.
local figures = {
  { name = "descriptors", unit = 1 },
  { name = "children", unit = 1 },
  { name = "malloc", unit = KIB, more = 72 * KIB },
  { name = "Lua", unit = KIB, more = 512 * KIB },
  { name = "resident", unit = MIB, more = 24 * MIB },
}

local units = { [1] = "%s %d", [KIB] = "%s %d KiB", [MIB] = "%s %.1f MiB" }

local function resident()
  return tonumber(files.read("/proc/self/status"):match("VmRSS:%s*(%d+)")) * KIB
end

--- When nobody works: collects all garbage, waits until what that has killed is reaped, and looks.
function vitals.measure()
  leaks.collect()
  eventually(function() return #leaks.children() == 0 end)
  local now = { descriptors = 0, children = #leaks.children(), malloc = memory.malloced(), Lua = memory.lua(),
    resident = resident(), open = leaks.descriptors(), signals = libc.signal_state(files.read("/proc/self/status")) }
  for _ in pairs(now.open) do
    now.descriptors = now.descriptors + 1
  end
  return now
end

--- One line of figures.
function vitals.text(now)
  local words = {}
  for index, figure in ipairs(figures) do
    words[index] = units[figure.unit]:format(figure.name, now[figure.name] / figure.unit)
  end
  return table.concat(words, ", ")
end

local function same(a, b)
  for key, value in pairs(a) do
    if b[key] ~= value then
      return false
    end
  end
  return true
end

--- What is not as it was after an earlier batch, or should never be; nil for nothing.
function vitals.change(before, now)
  if now.children > 0 then
    return "children that nobody knows any more are left"
  elseif now.descriptors ~= before.descriptors or not same(before.open, now.open) then
    return "other descriptors than before"
  elseif not same(before.signals, now.signals) then
    return "other signal settings than before"
  end
end

--- What of the memory has grown beyond its bound since it was warm; nil for nothing.
function vitals.growth(warm, now)
  -- A sanitizer's allocator tells no figure, and holds on to what has been freed.
  local sanitized = warm.malloc == 0
  for _, figure in ipairs(figures) do
    local more = now[figure.name] - warm[figure.name]
    if figure.more and more > figure.more and not (sanitized and figure.name == "resident") then
      return (units[figure.unit] .. " more than before"):format(figure.name, more / figure.unit)
    end
  end
end

return vitals
