local function compared(name)
  return {
    { name .. ": time against C", most = 1.15, ratio = function(m) return m[name].pipe / m[name].C end },
    { name .. ": time against posix_spawn in C", most = 1, ratio = function(m)
      return m[name].pipe / m[name].posix_spawn
    end },
    { name .. ": luv's time against ours", least = 3, ratio = function(m) return m[name].luv / m[name].pipe end },
  }
end

local figures = compared("static child")
for _, figure in ipairs(compared("static child, on one processor")) do figures[#figures + 1] = figure end

return {
  number = 1,
  title = "spawn + wait + close of a static child that exits at once",
  cases = {
    -- Many short runs: what else the machine does comes in bursts, and then spoils few of them.
    { name = "static child", metric = "us", unit = "µs", rounds = 41, chart = "spawn",
      contenders = {
        { "C", c "spawn", 300 },
        { "posix_spawn", c "posix_spawn", 300 },
        { "pipe", pipe "spawn", 300 },
        { "luv", luv "spawn", 150 },
        { "ngx.pipe", ngx "spawn", 150 },
      } },
    { name = "static child, on one processor", metric = "us", unit = "µs", rounds = 15, chart = false,
      contenders = {
        { "C", on_one(c "spawn"), 600 },
        { "posix_spawn", on_one(c "posix_spawn"), 600 },
        { "pipe", on_one(pipe "spawn"), 600 },
        { "luv", on_one(luv "spawn"), 150 },
      } },
  },
  figures = figures,
}
