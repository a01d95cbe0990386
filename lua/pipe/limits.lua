-- The options rlimits, nice, umask and affinity: what the child may use.

local ffi = require("ffi")
local bit = require("bit")
local C = require("pipe.clib")
local interpreted = require("pipe.interpreted")
local number = require("pipe.number")

local limits = {}

local HIGHEST_LIMIT = 2 ^ 63 - 1024 -- the last double that every LuaJIT converts well
local HIGHEST_PROCESSOR = 8191
local UNLIMITED = 0xffffffffffffffffULL

-- RLIMIT_…, as Linux has them on x86-64 and arm64.
local resources = {
  cpu = 0, fsize = 1, data = 2, stack = 3, core = 4, rss = 5, nproc = 6, nofile = 7, memlock = 8, as = 9, locks = 10,
  sigpending = 11, msgqueue = 12, nice = 13, rtprio = 14, rttime = 15,
}

---The option's names by resource.
---@type table<integer, string>
limits.names = {}
for name, resource in pairs(resources) do
  limits.names[resource] = name
end

local function amount(value)
  return value == "unlimited" and math.huge or value == math.huge and value or number.whole(value, 0, HIGHEST_LIMIT)
end

local function read_limit(name, value)
  local resource = resources[name]
  if not resource then
    return nil, ("unknown limit '%s'"):format(tostring(name))
  end
  local soft, hard
  if type(value) == "table" then
    soft, hard = amount(value[1]), amount(value[2])
  else
    soft = amount(value)
    hard = soft
  end
  if not soft or not hard then
    return nil, name .. ": whole number of at least 0, 'unlimited' or {soft, hard} expected"
  elseif soft > hard then
    return nil, name .. ": the soft limit is above the hard one"
  end
  return { resource = resource, soft = soft, hard = hard }
end

local function by_resource(a, b)
  return a.resource < b.resource
end

local function in_core(value)
  return value == math.huge and UNLIMITED or ffi.cast("uint64_t", value)
end

local readers = {}

readers.rlimits = interpreted(function(plan, rlimits)
  if type(rlimits) ~= "table" then
    return "table expected, got " .. type(rlimits)
  end
  local list = {}
  for name, value in pairs(rlimits) do
    local limit, problem = read_limit(name, value)
    if not limit then
      return problem
    end
    list[#list + 1] = limit
  end
  table.sort(list, by_resource)
  plan.limits = ffi.new("pipe_limit[?]", #list)
  for i, limit in ipairs(list) do
    local entry = plan.limits[i - 1]
    entry.resource, entry.soft, entry.hard = limit.resource, in_core(limit.soft), in_core(limit.hard)
  end
  plan.options.limits, plan.options.limit_count = plan.limits, #list
end)

function readers.nice(plan, nice)
  if not number.whole(nice, -20, 19) then
    return "whole number from -20 to 19 expected, got " .. tostring(nice)
  end
  local core = plan.options
  core.nice, core.flags = nice, bit.bor(core.flags, C.PIPE_SPAWN_NICE)
end

function readers.umask(plan, umask)
  local mask = type(umask) == "string" and umask:find("^[0-7]+$") and tonumber(umask, 8) or umask
  if not number.whole(mask, 0, 511) then
    return "whole number from 0 to 511, or a string of octal digits, expected, got " .. tostring(umask)
  end
  local core = plan.options
  core.umask, core.flags = mask, bit.bor(core.flags, C.PIPE_SPAWN_UMASK)
end

local function read_processors(processors)
  local highest = -1
  for i, processor in ipairs(processors) do
    if not number.whole(processor, 0, HIGHEST_PROCESSOR) then
      return nil, ("[%d]: whole number from 0 to %d expected, got %s"):format(i, HIGHEST_PROCESSOR, tostring(processor))
    end
    highest = math.max(highest, processor)
  end
  if highest < 0 then
    return nil, "non-empty table expected"
  end
  local size = math.floor(highest / 8) + 1
  local mask = ffi.new("uint8_t[?]", size)
  for _, processor in ipairs(processors) do
    local at = math.floor(processor / 8)
    mask[at] = bit.bor(mask[at], bit.lshift(1, processor % 8))
  end
  return mask, size
end

function readers.affinity(plan, affinity)
  local mask, size
  if affinity == "all" then
    size = (HIGHEST_PROCESSOR + 1) / 8
    mask = ffi.new("uint8_t[?]", size, 0xff) -- the kernel leaves out what is not there
  elseif type(affinity) == "table" then
    mask, size = read_processors(affinity)
    if not mask then
      return size
    end
  else
    return "table or 'all' expected, got " .. tostring(affinity)
  end
  local core = plan.options
  plan.affinity, core.affinity, core.affinity_size = mask, mask, size
  core.flags = bit.bor(core.flags, C.PIPE_SPAWN_AFFINITY)
end

local function read_one(plan, opts, name)
  local value = opts[name]
  local problem = value ~= nil and readers[name](plan, value)
  if problem then
    return ("bad %s option: %s"):format(name, problem)
  end
end

---@param plan pipe.Plan
---@param opts pipe.SpawnOptions
---@return string? problem
function limits.read(plan, opts)
  return read_one(plan, opts, "rlimits") or read_one(plan, opts, "nice") or read_one(plan, opts, "umask")
    or read_one(plan, opts, "affinity")
end

return limits
