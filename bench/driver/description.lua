-- Reads the description of a workload, bench/workloads/<name>.lua:
--
--   return {
--     number = 1, title = "…",         -- as in the table of figures
--     cases = {
--       { name = "…", rounds = 9,      -- how often the contenders run, in turn
--         metric = "us", unit = "µs",  -- which number of those that the programs print; or
--         metrics = { "us", "cpu" }, units = { us = "µs", cpu = "s" },
--         derive = function(medians) … end,  -- adds metrics to a column's medians
--         shown = { "cpu" },           -- in the table of results; by default all metrics
--         rate = true,                 -- more is better
--         needs = { descriptors = …, processes = … },  -- left out where the system does not allow so many
--         chart = "…" or false,        -- its name in the chart; by default the first case of a workload is in it
--         contenders = { { "C", c "program", argument, … }, { "pipe", pipe "program", argument, …, rounds = 3 } } },
--     },
--     figures = { { "what", most = 1.15 or least = 3, unit = "µs" or nil, ratio = function(m) return … end } },
--   }
--
-- m[case][column] is the median; with `metrics`, a table of them by name. The first column is what the others are
-- compared with.
local programs = require("bench.driver.programs")

local description = {}

local function check(condition, file, what)
  if not condition then error(file .. ": " .. what, 0) end
end

local function check_case(case, file)
  check(type(case.name) == "string", file, "a case has no name")
  local where = file .. ", " .. case.name
  case.metrics = case.metrics or { case.metric }
  check(#case.metrics > 0, where, "no metric")
  case.shown = case.shown or case.metrics
  case.units = case.units or {}
  for _, metric in ipairs(case.shown) do
    case.units[metric] = case.units[metric] or case.unit
    check(case.units[metric], where, "no unit for " .. metric)
  end
  check(type(case.rounds) == "number" and case.rounds >= 1, where, "no number of rounds")
  check(type(case.contenders) == "table" and #case.contenders > 0, where, "no contenders")
  local columns = {}
  for _, contender in ipairs(case.contenders) do
    local column, program = contender[1], contender[2]
    check(type(column) == "string" and not columns[column], where, "contenders need a column each")
    check(type(program) == "table" and program.kind, where, column .. " has no program")
    columns[column] = true
  end
end

local function check_figure(figure, file)
  check(type(figure[1]) == "string", file, "a figure has no name")
  check(type(figure.ratio) == "function", file, figure[1] .. " has no function `ratio`")
  check((figure.most == nil) ~= (figure.least == nil), file, figure[1] .. " needs either `most` or `least`")
end

--- Loads a file. Throws where the description is not one.
function description.load(file)
  local chunk = assert(loadfile(file))
  setfenv(chunk, setmetatable({}, {
    __index = function(_, name) return programs.constructors[name] or _G[name] end,
  }))
  local workload = chunk()
  check(type(workload) == "table", file, "returns no table")
  check(type(workload.number) == "number" and type(workload.title) == "string", file, "no number or no title")
  check(type(workload.cases) == "table" and #workload.cases > 0, file, "no cases")
  for _, case in ipairs(workload.cases) do check_case(case, file) end
  workload.figures = workload.figures or {}
  for _, figure in ipairs(workload.figures) do check_figure(figure, file) end
  workload.name = file:match("([^/]+)%.lua$")
  return workload
end

return description
