-- Runs the benchmark: luajit bench/run.lua --build BUILD [--rounds N] [WORKLOAD...]
-- in the project's root, as `make bench` does. All workloads, each with its own number of rounds, also write
-- bench/results.md and bench/results.svg.
local chart = require("bench.driver.chart")
local columns = require("bench.driver.columns")
local description = require("bench.driver.description")
local execute = require("bench.driver.execute")
local figures = require("bench.driver.figures")
local limits = require("bench.driver.limits")
local machine = require("bench.driver.machine")
local measure = require("bench.driver.measure")
local programs = require("bench.driver.programs")
local results = require("bench.driver.results")

local function say(...)
  io.stderr:write(...)
  io.stderr:flush()
end

local function parse(arguments)
  local place, names, rounds = { openresty = os.getenv("PIPE_BENCH_OPENRESTY") }, {}, nil
  if place.openresty == "" then place.openresty = nil end
  local i = 1
  while arguments[i] do
    if arguments[i] == "--build" then
      i = i + 1
      place.build = arguments[i]
    elseif arguments[i] == "--rounds" then
      i = i + 1
      rounds = assert(tonumber(arguments[i]), "--rounds wants a number")
    else
      names[#names + 1] = arguments[i]
    end
    i = i + 1
  end
  if not place.build then error("usage: luajit bench/run.lua --build BUILD [--rounds N] [WORKLOAD...]", 0) end
  return place, names, rounds
end

local function all_names()
  local names = {}
  local list = assert(io.popen("ls bench/workloads"))
  for file in list:lines() do names[#names + 1] = file:match("^(.+)%.lua$") end
  list:close()
  return names
end

local function load_workloads(names, rounds)
  local workloads = {}
  for i, name in ipairs(names) do
    workloads[i] = description.load("bench/workloads/" .. name .. ".lua")
    for _, case in ipairs(workloads[i].cases) do case.rounds = rounds or case.rounds end
  end
  table.sort(workloads, function(a, b) return a.number < b.number end)
  return workloads
end

local function run_case(workload, case, place)
  say(("%d %s: %s "):format(workload.number, workload.name, case.name))
  local shortage = limits.shortage(case.needs, limits.allowed())
  if shortage then say("left out, since ", shortage, " ") end
  local prefix = programs.prefix(place)
  local result = measure.case(case, function(contender)
    if shortage then return false, shortage end
    local command, reason = programs.command(contender, place)
    if not command then return false, reason end
    return execute(prefix .. command)
  end, function() say(".") end)
  say("\n")
  result.shortage = shortage
  return result
end

local function run(workload, place)
  workload.results = {}
  for i, case in ipairs(workload.cases) do workload.results[i] = run_case(workload, case, place) end
  workload.judged = figures.judge(workload, workload.results)
end

local function write_results(workloads, place)
  local facts = machine.facts(place)
  table.insert(facts, 1, { "machine", "" })
  local file = assert(io.open("bench/results.md", "w"))
  file:write("<!-- Written by `make bench`. -->\n\n# Results\n\n",
    "Medians; in brackets the ratio to the first column. [README.md](README.md) tells what is measured, and how.\n\n",
    "![Time relative to C](results.svg)\n\n", columns(facts, { [2] = true }), "\n\n", results.text(workloads, "## "))
  file:close()
  chart.draw(workloads, "bench/results.svg")
end

local function main()
  local place, names, rounds = parse(arg)
  local workloads = load_workloads(#names > 0 and names or all_names(), rounds)
  for _, workload in ipairs(workloads) do run(workload, place) end
  io.write(results.text(workloads, ""))
  if #names == 0 and not rounds then write_results(workloads, place) end
end

local ok, failure = pcall(main)
if not ok then
  say("\n", tostring(failure), "\n")
  os.exit(1)
end
