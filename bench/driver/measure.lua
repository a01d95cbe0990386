-- Runs the contenders of a case in turn (A B C, A B C, …), so that whatever else the machine does meets all of them,
-- and takes the median of each.
local median = require("bench.median")

local measure = {}

-- A column's medians; the number itself where the case asks for one metric only.
local function medians(case, runs)
  local by_metric = {}
  for _, metric in ipairs(case.metrics) do
    local numbers = {}
    for i, run in ipairs(runs) do numbers[i] = run[metric] end
    by_metric[metric] = median(numbers)
  end
  if case.derive then case.derive(by_metric) end
  return case.metric and by_metric[case.metric] or by_metric
end

local function check_metrics(case, column, run)
  for _, metric in ipairs(case.metrics) do
    if not run[metric] then error(("%s: %s did not report %s"):format(case.name, column, metric), 0) end
  end
end

--- Measures a case. `run(contender)` returns the metrics of one run; or false and the reason where the contender cannot
--- run here; or nil and the output of a program that failed, which is thrown. `progress(round)` is called as each round
--- begins. Returns `measured` and `absent`, the reason, both by column.
function measure.case(case, run, progress)
  local runs, measured, absent = {}, {}, {}
  for _, contender in ipairs(case.contenders) do runs[contender[1]] = {} end
  for round = 1, case.rounds do
    progress(round)
    for _, contender in ipairs(case.contenders) do
      local column = contender[1]
      if not absent[column] and round <= (contender.rounds or case.rounds) then
        local metrics, problem = run(contender)
        if metrics then
          check_metrics(case, column, metrics)
          table.insert(runs[column], metrics)
        elseif metrics == false then
          absent[column] = problem
        else
          error(("%s: %s failed:\n%s"):format(case.name, column, problem), 0)
        end
      end
    end
  end
  for column, of_column in pairs(runs) do
    if not absent[column] then measured[column] = medians(case, of_column) end
  end
  return { measured = measured, absent = absent }
end

return measure
