-- cpu_s is the host's own processor time. C only counts the lines; the others make a string of each.
local SHORT, LONG, LONG_LENGTH = 10000000, 2000000, 200

-- The digits of all numbers from 1 to `last`.
local function digits(last)
  local sum, first = 0, 1
  while first <= last do
    sum = sum + last - first + 1
    first = first * 10
  end
  return sum
end

local short, long = "seq 1 10000000", "2,000,000 lines of 200 bytes"

local function case(name, rounds, command)
  local contenders = {
    { "C", c "read_line" },
    { "LuaJIT", luajit "read_line" },
    { "pipe", pipe "read_line" },
    { "pipe lines()", pipe "for_lines" },
    { "luv", luv "read_line" },
    { "io.popen", popen "read_line" },
    { "ngx.pipe", ngx "read_line" },
  }
  for _, contender in ipairs(contenders) do
    for _, word in ipairs(command) do contender[#contender + 1] = word end
  end
  return {
    name = name, metrics = { "million_s", "cpu_s" }, units = { million_s = "million/s", cpu_s = "s" }, rate = true,
    rounds = rounds, chart = "lines: " .. name, contenders = contenders,
  }
end

local function against(column, name, least)
  return { ("read_line, %s: speed against %s"):format(name, column), least = least, ratio = function(m)
    return m[name].pipe.million_s / m[name][column].million_s
  end }
end

return {
  number = 7,
  title = "lines",
  cases = {
    case(short, 5, { SHORT, digits(SHORT), "seq", 1, SHORT }),
    case(long, 7, { LONG, LONG * LONG_LENGTH, "child_lines", LONG }),
  },
  figures = {
    against("LuaJIT", short, 0.9),
    against("io.popen", short, 1.4),
    against("ngx.pipe", short, 1.4),
    against("LuaJIT", long, 0.9),
    against("io.popen", long, 1.4),
    against("ngx.pipe", long, 1.4),
  },
}
