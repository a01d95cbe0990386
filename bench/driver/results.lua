-- Puts what was measured into words: a table for each workload, one of the figures, and what was left out.
local columns = require("bench.driver.columns")
local number_text = require("bench.driver.number_text")

local results = {}

-- All columns of a workload, in the order in which its cases first name them.
local function columns_of(workload)
  local names, seen = {}, {}
  for _, case in ipairs(workload.cases) do
    for _, contender in ipairs(case.contenders) do
      if not seen[contender[1]] then
        seen[contender[1]] = true
        names[#names + 1] = contender[1]
      end
    end
  end
  return names
end

--- The median of a column, or nil.
function results.number(result, column, metric)
  local measured = result.measured[column]
  if type(measured) == "table" then return measured[metric] end
  return measured
end

local function cell(case, result, column, metric)
  local number = results.number(result, column, metric)
  if not number then return result.absent[column] and "absent" or "" end
  local first = results.number(result, case.contenders[1][1], metric)
  local text = number_text.measured(number)
  return first and first > 0 and ("%s (%.2f)"):format(text, number / first) or text
end

--- The table of a workload: medians, and in brackets the ratio to the first column.
function results.table_of(workload)
  local names = columns_of(workload)
  local rows = { { "", "unit", unpack(names) } }
  for i, case in ipairs(workload.cases) do
    for _, metric in ipairs(case.shown) do
      local title = #case.shown > 1 and case.name .. ", " .. metric or case.name
      local row = { title, case.units[metric] }
      for _, name in ipairs(names) do row[#row + 1] = cell(case, workload.results[i], name, metric) end
      rows[#rows + 1] = row
    end
  end
  return columns(rows, { [2] = true })
end

--- The table of the figures of several workloads.
function results.table_of_figures(workloads)
  local rows = { { "#", "figure", "wanted", "measured", "reached" } }
  for _, workload in ipairs(workloads) do
    for _, figure in ipairs(workload.judged) do
      local unit = figure.unit and " " .. figure.unit or ""
      rows[#rows + 1] = {
        tostring(workload.number),
        figure.what,
        (figure.most and "≤ " or "≥ ") .. ("%g"):format(figure.most or figure.least) .. unit,
        figure.number and number_text.figure(figure.number) .. unit or "not measured",
        figure.number and (figure.reached and "yes" or "**no**") or figure.reason,
      }
    end
  end
  return columns(rows, { [2] = true, [5] = true })
end

-- What is absent, and why, each once.
local function left_out(workload)
  local lines, seen = {}, {}
  local function add(line)
    if not seen[line] then lines[#lines + 1] = line end
    seen[line] = true
  end
  for i, case in ipairs(workload.cases) do
    local result = workload.results[i]
    if result.shortage then
      add(("Left out: %s, since %s."):format(case.name, result.shortage))
    else
      for _, contender in ipairs(case.contenders) do
        local reason = result.absent[contender[1]]
        if reason then add(("Absent: %s, since %s."):format(contender[1], reason)) end
      end
    end
  end
  return table.concat(lines, " ")
end

--- Everything about the workloads, in Markdown: `heading` goes before each title.
function results.text(workloads, heading)
  local parts = {}
  for _, workload in ipairs(workloads) do
    parts[#parts + 1] = ("%s%d. %s"):format(heading, workload.number, workload.title)
    parts[#parts + 1] = results.table_of(workload)
    local absent = left_out(workload)
    if absent ~= "" then parts[#parts + 1] = absent end
  end
  parts[#parts + 1] = heading .. "Figures"
  parts[#parts + 1] = results.table_of_figures(workloads)
  return table.concat(parts, "\n\n") .. "\n"
end

return results
