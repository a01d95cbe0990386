-- Runs host.lua once, and reads what it and the shim have said.

local pipe = require("pipe")
local errnos = require("faults.errnos")
local libc = require("faults.libc")

local host_run = {}

local PATIENCE = 30000 -- ms; who takes longer hangs
local DESCRIPTORS = 128 -- a child that closes one by one has to try so many numbers

---@class faults.Result
---@field wrong string? what must not be
---@field aborted boolean by abort(3)
---@field injected string? the call site of what failed
---@field refused string[] the call sites of what never works
---@field errors string[] what the library answered to the fault
---@field calls table<string, { name: string, site: string, first: integer, calls: integer }>
---@field blocks table<string, integer> memory that is left, by call and site
---@field left table<string, integer> descriptors that are left, by what is behind them; children
---@field held table<string, integer>? descriptors, while the host goes on; not of one that ends in the scenario
---@field reaper string?

local function environment(place, variant)
  local env = { LD_PRELOAD = place.shim, PIPE_REAPER = false, PIPE_SPAWN = false }
  for name, value in pairs(variant.environment) do
    env[name] = value
  end
  local always = {}
  for call, errno in pairs(variant.never) do
    always[#always + 1] = call .. "=" .. assert(errnos[errno], errno)
  end
  env.FAULTS_ALWAYS = table.concat(always, ",")
  return env
end

local readers = {}

readers["@call"] = function(result, text)
  local name, site, first, calls = text:match("^(%S+) (%x+) (%d+) (%d+)$")
  result.calls[name .. " " .. site] = { name = name, site = site, first = tonumber(first), calls = tonumber(calls) }
end

readers["@block"] = function(result, text)
  local place, count = text:match("^(%S+ %x+) (%d+)$")
  result.blocks[place] = tonumber(count)
end

readers["@injected"] = function(result, text)
  result.injected = text
end

readers["@refused"] = function(result, text)
  table.insert(result.refused, text:match("%x+$"))
end

readers["@error"] = function(result, text)
  table.insert(result.errors, text)
end

-- A pipe's number is another in each run.
readers["@descriptor"] = function(result, text)
  local target = text:match("^%d+ (.*)$"):gsub("%[%d+%]", "")
  result.left[target] = (result.left[target] or 0) + 1
end

readers["@child"] = function(result)
  result.left["a child"] = 1
end

readers["@held"] = function(result)
  result.held, result.left = result.left, {}
end

readers["@reaper"] = function(result, text)
  result.reaper = text
end

readers["@end"] = function(result)
  result.reported = true
end

local function problem(res, result)
  if res.timed_out then
    return "it hangs"
  elseif res.reason == "signal" then
    return "it died of signal " .. res.status
  elseif not res.ok then
    return ("exit status %s: %s"):format(tostring(res.status), res.stdout:match("@wrong (.*)") or res.stderr)
  elseif not result.reported then
    return "it ended without a report: " .. res.stderr
  end
end

---@param place { luajit: string, shim: string }
---@param variant table of faults.variants
---@param call string
---@param nth integer 0: nothing fails
---@param errno string
---@return faults.Result
function host_run.run(place, variant, call, nth, errno)
  local res = assert(pipe.run({ place.luajit, "faults/host.lua", variant.scenario, call, nth, errno }, {
    env = environment(place, variant), timeout = PATIENCE, grace = 0,
    parent_death_signal = "KILL", process_group = true, rlimits = { nofile = DESCRIPTORS },
  }))
  libc.end_group(res.pid)
  local result = { errors = {}, refused = {}, calls = {}, blocks = {}, left = {} }
  for line in res.stdout:gmatch("[^\n]+") do
    local kind, text = line:match("^(@%l+) ?(.*)$")
    if readers[kind] then
      readers[kind](result, text)
    end
  end
  result.wrong = problem(res, result)
  result.aborted = res.reason == "signal" and res.status == 6
  return result
end

return host_run
