-- Judges the figures of a workload by what was measured.
local figures = {}

-- The medians by case and column, as a figure's function sees them. A column that is absent is nil, and `missed` then
-- has the reason; one that the description does not have is a mistake.
local function watched(workload, results)
  local missed = {}
  local cases = {}
  for i, case in ipairs(workload.cases) do
    local result = results[i]
    cases[case.name] = setmetatable({}, {
      __index = function(_, column)
        local measured = result.measured[column]
        if measured ~= nil then return measured end
        local reason = result.absent[column]
        if not reason then error(("%s has no column %s"):format(case.name, tostring(column)), 0) end
        missed[#missed + 1] = reason
        return nil
      end,
    })
  end
  return setmetatable({}, {
    __index = function(_, name)
      return cases[name] or error(("%s has no case %s"):format(workload.name, tostring(name)), 0)
    end,
  }), missed
end

local function reaches(figure, number)
  if number ~= number then return false end
  if figure.most then return number <= figure.most end
  return number >= figure.least
end

--- `results[i]` is what measure.case() has returned for the i-th case. Returns for each figure a table: `what`, `most`
--- or `least`, `unit`; and `number` and `reached`, or `reason` why it was not measured.
function figures.judge(workload, results)
  local judged = {}
  for i, figure in ipairs(workload.figures) do
    local cases, missed = watched(workload, results)
    local ok, number = pcall(figure.ratio, cases)
    local row = { what = figure[1], most = figure.most, least = figure.least, unit = figure.unit }
    if ok and type(number) == "number" then
      row.number, row.reached = number, reaches(figure, number)
    elseif #missed > 0 then -- arithmetic on nil, most likely
      row.reason = missed[1]
    else
      error(("%s: figure %q: %s"):format(workload.name, figure[1], tostring(number)), 0)
    end
    judged[i] = row
  end
  return judged
end

return figures
