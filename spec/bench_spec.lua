-- The benchmark's driver: whom it runs, in which order, and what it makes of what they tell. What the workloads measure
-- is not tested here, but each can be read, and names programs that exist.
local chart = require "bench.driver.chart"
local columns = require "bench.driver.columns"
local description = require "bench.driver.description"
local execute = require "bench.driver.execute"
local figures = require "bench.driver.figures"
local files = require "spec.files"
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local limits = require "bench.driver.limits"
local measure = require "bench.driver.measure"
local median = require "bench.median"
local number_text = require "bench.driver.number_text"
local programs = require "bench.driver.programs"
local results = require "bench.driver.results"

setup(leaks.remember)
teardown(leaks.check)

local function nothing() end

-- A case whose contenders are these, in the order of their names.
local function case_of(names, rounds)
  local case = { name = "a case", metric = "us", metrics = { "us" }, rounds = rounds, contenders = {} }
  for i, name in ipairs(names) do case.contenders[i] = { name, {} } end
  return case
end

describe("median", function()
  it("is the middle one, or the mean of the two in the middle", function()
    assert.equal(2, median({ 3, 1, 2 }))
    assert.equal(2.5, median({ 4, 1, 3, 2 }))
    assert.equal(7, median({ 7 }))
  end)

  it("leaves its numbers in their order", function()
    local numbers = { 3, 1, 2 }
    median(numbers)
    assert.same({ 3, 1, 2 }, numbers)
  end)
end)

describe("measure.case", function()
  it("runs the contenders in turn, and takes the median of each", function()
    local order, told = {}, { C = { 1, 5, 3 }, pipe = { 20, 10, 60 } }
    local result = measure.case(case_of({ "C", "pipe" }, 3), function(contender)
      order[#order + 1] = contender[1]
      return { us = table.remove(told[contender[1]], 1), other = 0 }
    end, nothing)
    assert.same({ "C", "pipe", "C", "pipe", "C", "pipe" }, order)
    assert.same({ measured = { C = 3, pipe = 20 }, absent = {} }, result)
  end)

  it("lets a contender with rounds of its own sit out the rest", function()
    local case, order = case_of({ "C", "luv" }, 3), {}
    case.contenders[2].rounds = 1
    measure.case(case, function(contender)
      order[#order + 1] = contender[1]
      return { us = 1 }
    end, nothing)
    assert.same({ "C", "luv", "C", "C" }, order)
  end)

  it("keeps several metrics apart, and adds those that are derived from them", function()
    local case, turn = case_of({ "C" }, 3), 0
    case.metric, case.metrics = nil, { "us", "cpu" }
    case.derive = function(medians) medians.ratio = medians.us / medians.cpu end
    local result = measure.case(case, function()
      turn = turn + 1
      return { us = turn * 10, cpu = turn }
    end, nothing)
    assert.same({ C = { us = 20, cpu = 2, ratio = 10 } }, result.measured)
  end)

  it("stops at a contender that fails, with its output", function()
    local runs = 0
    assert.has_error(function()
      measure.case(case_of({ "C", "pipe" }, 3), function()
        runs = runs + 1
        return nil, "clone: no memory\n"
      end, nothing)
    end, "a case: C failed:\nclone: no memory\n")
    assert.equal(1, runs)
  end)

  it("stops at a contender that does not report what is asked for", function()
    assert.has_error(function()
      measure.case(case_of({ "C" }, 1), function() return { bytes = 1 } end, nothing)
    end, "a case: C did not report us")
  end)

  it("leaves out who cannot run here, and asks once", function()
    local asked = 0
    local result = measure.case(case_of({ "C", "ngx.pipe" }, 3), function(contender)
      if contender[1] == "C" then return { us = 1 } end
      asked = asked + 1
      return false, "no OpenResty"
    end, nothing)
    assert.same({ measured = { C = 1 }, absent = { ["ngx.pipe"] = "no OpenResty" } }, result)
    assert.equal(1, asked)
  end)
end)

describe("figures.judge", function()
  -- The judgement of one figure on a case where C took 10, and no ngx.pipe was there.
  local function judge(figure)
    local workload = { name = "w", cases = { { name = "a case" } }, figures = { figure } }
    local result = { measured = { C = 10, pipe = 12 }, absent = { ["ngx.pipe"] = "no OpenResty" } }
    return figures.judge(workload, { result })[1]
  end
  local function against_c(m) return m["a case"].pipe / m["a case"].C end

  it("tells whether one is reached", function()
    assert.same({ what = "time", most = 1.2, number = 1.2, reached = true },
      judge { "time", most = 1.2, ratio = against_c })
    assert.is_false(judge({ "time", most = 1.19, ratio = against_c }).reached)
    assert.is_true(judge({ "time", least = 1.2, ratio = against_c }).reached)
    assert.is_false(judge({ "time", least = 1.21, ratio = against_c }).reached)
  end)

  it("takes no number for not reached", function()
    assert.is_false(judge({ "time", most = 1, ratio = function() return 0 / 0 end }).reached)
  end)

  it("does not invent what is absent", function()
    assert.same({ what = "time", least = 1, reason = "no OpenResty" },
      judge { "time", least = 1, ratio = function(m) return m["a case"]["ngx.pipe"] / m["a case"].pipe end })
  end)

  it("lets a figure do without what is absent", function()
    assert.equal(12, judge({ "time", least = 1, ratio = function(m)
      return m["a case"]["ngx.pipe"] or m["a case"].pipe
    end }).number)
  end)

  it("throws for a case or a column that there is not", function()
    assert.has_error(function() judge { "time", most = 1, ratio = function(m) return m.other.C end } end,
      'w: figure "time": w has no case other')
    assert.has_error(function() judge { "time", most = 1, ratio = function(m) return m["a case"].c end } end,
      'w: figure "time": a case has no column c')
  end)
end)

describe("execute", function()
  it("reads the metrics", function()
    assert.same({ us = 141.2, cpu_s = 1e-3 }, execute("printf 'us 141.2\\ncpu_s 1e-3\\n'"))
  end)

  it("gives the output of a program that fails, errors included", function()
    assert.same({ nil, "us 1\noops\nexit status 3\n" },
      { execute("sh -c 'echo us 1; echo oops >&2; exit 3'") })
  end)

  it("takes anything else than metrics for a failure", function()
    assert.same({ nil, "us 1\nwarning: slow\nexit status 0\n" }, { execute("printf 'us 1\\nwarning: slow\\n'") })
    assert.same({ nil, "us nan\nexit status 0\n" }, { execute("echo us nan") })
  end)

  it("gives the program no input", function()
    assert.same({ bytes = 0 }, execute("sh -c 'echo bytes $(wc -c)'"))
  end)
end)

describe("programs.command", function()
  local c, ngx, luv = programs.constructors.c, programs.constructors.ngx, programs.constructors.luv

  it("starts a program of each kind", function()
    local place = { build = "build", openresty = "/opt/nginx" }
    assert.equal("'build/bench/spawn' '10' '0'", programs.command({ "C", c "spawn", 10, 0 }, place))
    assert.equal("'build/bin/luajit' 'bench/luv/spawn.lua' '10'", programs.command({ "luv", luv "spawn", 10 }, place))
    assert.equal("'sh' 'bench/ngx/start.sh' '/opt/nginx' 'bench/ngx/spawn.lua'",
      programs.command({ "ngx.pipe", ngx "spawn" }, place))
    assert.equal("'sh' 'bench/ngx/start.sh' '/opt/nginx' 'bench/pipe/write.lua'",
      programs.command({ "ngx.pipe", ngx "write" }, place))
    assert.equal("'taskset' '-c' '0' 'build/bench/spawn'",
      programs.command({ "C", programs.constructors.on_one(c "spawn") }, place))
  end)

  it("quotes for the shell", function()
    assert.equal([['build/bench/run' 'it'\''s $HOME']],
      programs.command({ "C", c "run", "it's $HOME" }, { build = "build" }))
  end)

  it("says what is missing without OpenResty", function()
    assert.same({ false, programs.NO_OPENRESTY },
      { programs.command({ "ngx.pipe", ngx "spawn" }, { build = "build" }) })
  end)

  it("is run with the library that was built, as it is by default", function()
    local said = assert(io.popen("export PIPE_REAPER=sigchld; " .. programs.prefix({ build = "it's built" })
      .. "sh -c 'echo \"$PIPE_REAPER|$LUA_PATH|$LUA_CPATH|$BENCH_CHILDREN\"'"))
    assert.equal("|lua/?.lua;;|it's built/?.so;;|it's built/bench", said:read("*l"))
    said:close()
  end)
end)

describe("description.load", function()
  local directory
  before_each(function() directory = files.directory() end)
  after_each(function() files.remove(directory) end)

  local function load(text) return description.load(files.write(directory .. "/w.lua", text)) end

  it("reads a workload", function()
    local workload = load [[return { number = 1, title = "t", cases = {
      { name = "n", metric = "us", unit = "µs", rounds = 2, contenders = { { "C", c "x", 1 } } } } }]]
    assert.equal("w", workload.name)
    assert.same({ kind = "c", name = "x" }, workload.cases[1].contenders[1][2])
    assert.same({ "us" }, workload.cases[1].shown)
    assert.same({}, workload.figures)
  end)

  it("refuses what is none", function()
    local function refused(text, why)
      local ok, err = pcall(load, text)
      assert.is_false(ok)
      assert.equal(directory .. "/w.lua" .. why, err)
    end
    refused("return 1", ": returns no table")
    refused("return { number = 1, title = 't', cases = {} }", ": no cases")
    refused("return { number = 1, title = 't', cases = { { name = 'n', metric = 'us' } } }", ", n: no unit for us")
    refused([[return { number = 1, title = 't', cases = { { name = 'n', metric = 'us', unit = 's', rounds = 1,
      contenders = { { 'C', c 'x' }, { 'C', c 'y' } } } } }]], ", n: contenders need a column each")
    refused([[return { number = 1, title = 't', figures = { { 'f', ratio = print } }, cases = { { name = 'n',
      metric = 'us', unit = 's', rounds = 1, contenders = { { 'C', c 'x' } } } } }]],
      ": f needs either `most` or `least`")
  end)

  for _, name in ipairs(libc.entries("bench/workloads")) do
    if name:find("%.lua$") then
      it("reads " .. name .. ", whose programs exist", function()
        for _, case in ipairs(description.load("bench/workloads/" .. name).cases) do
          for _, contender in ipairs(case.contenders) do
            local file = assert(io.open(programs.source(contender[2])))
            file:close()
          end
        end
      end)
    end
  end
end)

describe("limits.shortage", function()
  it("tells what a case needs in vain", function()
    local allowed = { descriptors = 1024, processes = 100 }
    assert.is_nil(limits.shortage(nil, allowed))
    assert.is_nil(limits.shortage({ descriptors = 1024, processes = 100 }, allowed))
    assert.equal("it needs 101 processes, and 100 are allowed",
      limits.shortage({ descriptors = 10, processes = 101 }, allowed))
  end)

  it("knows what is allowed here", function()
    local allowed = limits.allowed()
    assert.is_true(allowed.descriptors >= 20 and allowed.processes >= 20)
  end)
end)

describe("results", function()
  it("are aligned tables, with what is absent named", function()
    local workload = {
      number = 1, name = "spawn", title = "spawns",
      cases = { { name = "a case", shown = { "us" }, units = { us = "µs" },
        contenders = { { "C" }, { "pipe" }, { "ngx.pipe" } } },
        { name = "a big case", shown = { "s" }, units = { s = "s" }, contenders = { { "C" } } } },
      results = {
        { measured = { C = 1000, pipe = 1150 }, absent = { ["ngx.pipe"] = "there is no OpenResty" } },
        { measured = {}, absent = { C = "it needs more" }, shortage = "it needs more" },
      },
      judged = {
        { what = "time against C", most = 1.1, number = 1.15, reached = false },
        { what = "wakeups", most = 0, unit = "wakeups", number = 0, reached = true },
        { what = "against ngx.pipe", least = 3, reason = "no OpenResty" },
      },
    }
    assert.equal([[
# 1. spawns

|            | unit |            C |         pipe | ngx.pipe |
| ---------- | ---- | -----------: | -----------: | -------: |
| a case     | µs   | 1,000 (1.00) | 1,150 (1.15) |   absent |
| a big case | s    |       absent |              |          |

Absent: ngx.pipe, since there is no OpenResty. Left out: a big case, since it needs more.

# Figures

| #   | figure           |      wanted |     measured | reached      |
| --- | ---------------- | ----------: | -----------: | ------------ |
| 1   | time against C   |       ≤ 1.1 |        1.150 | **no**       |
| 1   | wakeups          | ≤ 0 wakeups |    0 wakeups | yes          |
| 1   | against ngx.pipe |         ≥ 3 | not measured | no OpenResty |
]], results.text({ workload }, "# "))
  end)

  it("have numbers with the digits that mean something", function()
    assert.equal("1,234,568", number_text.measured(1234567.8))
    assert.equal("0.00123", number_text.measured(0.00123))
    assert.equal("1.151", number_text.figure(1.1508))
  end)

  it("align what is not ASCII", function()
    assert.equal("| a   |  µs |\n| --- | --: |\n| µ   | 100 |", columns({ { "a", "µs" }, { "µ", "100" } }))
  end)
end)

describe("chart.script", function()
  it("has a bar for each contender that was measured, relative to the first", function()
    local function script(rate)
      local case = { shown = { "us" }, rate = rate, contenders = { { "C" }, { "pipe" }, { "ngx.pipe" } } }
      local result = { measured = { C = 10, pipe = 20 }, absent = {} }
      return chart.script({ { name = "one_two", cases = { case }, results = { result } } }, "x.svg")
    end
    assert.truthy(script():find('$column1 << END\n2 2 "2.00"\nEND\n', 1, true))
    assert.truthy(script():find('"one two" 1.5', 1, true))
    assert.falsy(script():find("ngx.pipe", 1, true))
    assert.truthy(script(true):find('\n2 0.5 "0.50"\n', 1, true)) -- of a rate, more is better
  end)

  it("names columns as gnuplot wants them", function()
    local case = { shown = { "us" }, contenders = { { "C" }, { "pipe's" } } }
    local result = { measured = { C = 10, ["pipe's"] = 20 }, absent = {} }
    local script = chart.script({ { name = "one", cases = { case }, results = { result } } }, "x.svg")
    assert.truthy(script:find("title 'pipe''s'", 1, true))
  end)
end)
