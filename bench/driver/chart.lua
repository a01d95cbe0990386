-- Draws the chart: for each workload the time of every contender, relative to the first, on a logarithmic axis.
local results = require("bench.driver.results")

local chart = {}

local COLOURS = {
  { "C", "#7f8c8d" },
  { "posix_spawn", "#bdc3c7" },
  { "LuaJIT", "#a5b8d0" },
  { "LuaJIT with pipe's heap", "#8fa3bd" },
  { "C and a copy", "#5d6d7e" },
  { "pipe, light thread", "#9fc5e8" },
  { "sh", "#7f8c8d" },
  { "pipe", "#1f6fb4" },
  { "pipe lines()", "#6fa8dc" },
  { "luv", "#e08e2b" },
  { "io.popen", "#6aa84f" },
  { "ngx.pipe", "#b5495b" },
}
local OTHER_COLOUR = "#999999"

-- The cases that are drawn: by default the first of a workload.
local function drawn(workloads)
  local list = {}
  for _, workload in ipairs(workloads) do
    for i, case in ipairs(workload.cases) do
      local title = case.chart
      if title == nil and i == 1 then title = workload.name:gsub("_", " ") end
      if title then list[#list + 1] = { title = title, case = case, result = workload.results[i] } end
    end
  end
  return list
end

-- The bars of a case: how much longer than the first a contender takes, whatever it is that was measured.
local function bars(item)
  local case, list = item.case, {}
  local metric = case.shown[1]
  local first = results.number(item.result, case.contenders[1][1], metric)
  for _, contender in ipairs(case.contenders) do
    local number = results.number(item.result, contender[1], metric)
    if number and first and number > 0 and first > 0 then
      list[#list + 1] = { column = contender[1], ratio = case.rate and first / number or number / first }
    end
  end
  return #list > 1 and list or {}
end

local function colour_of(column)
  for _, entry in ipairs(COLOURS) do
    if entry[1] == column then return entry[2] end
  end
  return OTHER_COLOUR
end

-- The first of a group is 1 by definition, and needs no label.
local function label_of(index, ratio)
  if index == 1 then return "" end
  return (ratio < 10 and "%.2f" or "%.0f"):format(ratio)
end

-- Where each bar stands, what stands below each group, the columns in order, and how far the axes go.
local function lay_out(workloads)
  local placed, tics, order, seen = {}, {}, {}, {}
  local x, least = 0, 0.5
  for _, item in ipairs(drawn(workloads)) do
    local list = bars(item)
    for i, bar in ipairs(list) do
      if not seen[bar.column] then
        seen[bar.column] = true
        order[#order + 1] = bar.column
        placed[bar.column] = {}
      end
      least = math.min(least, bar.ratio / 1.5)
      table.insert(placed[bar.column], { x + i, bar.ratio, label_of(i, bar.ratio) })
    end
    if #list > 0 then
      tics[#tics + 1] = ('"%s" %g'):format(item.title, x + (#list + 1) / 2)
      x = x + #list + 1.5
    end
  end
  return placed, tics, order, x, least
end

--- gnuplot's commands that draw the workloads into `file`, an SVG.
function chart.script(workloads, file)
  local placed, tics, order, width, least = lay_out(workloads)
  local lines = {
    ('set terminal svg size %d,520 dynamic font "sans-serif,12" background "white"'):format(110 + width * 15),
    ('set output "%s"'):format(file),
    'set title "Relative to the first of each group, on a logarithmic scale: less is better"',
    "set logscale y",
    ("set yrange [%g:*]"):format(least),
    'set format y "%g×"',
    "set grid ytics linecolor rgb '#dddddd'",
    "set style fill solid",
    "set boxwidth 0.9",
    "set key outside bottom center horizontal",
    "set border 3",
    "set tics nomirror",
    "set xrange [0:" .. width .. "]",
    "set xtics rotate by -30 noenhanced (" .. table.concat(tics, ", ") .. ")",
    "set tmargin 4",
  }
  local plots = {}
  for _, column in ipairs(order) do
    lines[#lines + 1] = ("$%s << END"):format("column" .. #plots)
    for _, bar in ipairs(placed[column]) do lines[#lines + 1] = ('%g %.6g "%s"'):format(unpack(bar)) end
    lines[#lines + 1] = "END"
    -- gnuplot's way to have an apostrophe between apostrophes: two.
    plots[#plots + 1] = ("$column%d with boxes linecolor rgb '%s' title '%s' noenhanced"):format(
      #plots, colour_of(column), (column:gsub("'", "''")))
  end
  for i = 1, #order do
    plots[#plots + 1] = ("$column%d using 1:2:3 with labels left rotate offset 0,0.4 font ',9' notitle"):format(i - 1)
  end
  plots[#plots + 1] = "1 with lines linecolor rgb '#333333' notitle"
  lines[#lines + 1] = "plot " .. table.concat(plots, ", \\\n  ")
  return table.concat(lines, "\n") .. "\n"
end

--- Draws the workloads into `file`.
function chart.draw(workloads, file)
  local name = os.tmpname()
  local script = assert(io.open(name, "w"))
  script:write(chart.script(workloads, file))
  script:close()
  local status = os.execute("gnuplot " .. name)
  os.remove(name)
  if status ~= 0 and status ~= true then error("gnuplot failed", 0) end
end

return chart
