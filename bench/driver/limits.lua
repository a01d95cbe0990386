-- What the system allows a benchmark to have. A case says in `needs` what it takes; where that is not allowed it is
-- left out, and the results say why.
local limits = {}

local function read(path)
  local file = io.open(path)
  local text = file and file:read("*a")
  if file then file:close() end
  return text or ""
end

-- The hard limit of a process, a number; infinite where there is none.
local function hard_limit(name)
  return tonumber(read("/proc/self/limits"):match(name .. "%s+%S+%s+(%d+)")) or math.huge
end

-- The control group's limit (cgroup version 2).
local function group_limit()
  local group = read("/proc/self/cgroup"):match("0::(%S+)") or ""
  return tonumber(read("/sys/fs/cgroup" .. group .. "/pids.max")) or math.huge
end

--- What there may be at most: `descriptors` of one process, and `processes`.
function limits.allowed()
  return {
    descriptors = hard_limit("Max open files"),
    processes = math.min(hard_limit("Max processes"), group_limit(),
      tonumber(read("/proc/sys/kernel/pid_max")) or math.huge),
  }
end

--- Why a case cannot run, or nil. `needs`: numbers by name, or nil.
function limits.shortage(needs, allowed)
  for _, what in ipairs({ "descriptors", "processes" }) do
    local needed = needs and needs[what]
    if needed and needed > allowed[what] then
      return ("it needs %d %s, and %d are allowed"):format(needed, what, allowed[what])
    end
  end
end

return limits
