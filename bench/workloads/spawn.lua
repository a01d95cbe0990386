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
  },
  figures = {
    { "spawn: time against C", most = 1.15, ratio = function(m)
      return m["static child"].pipe / m["static child"].C
    end },
    { "spawn: time against posix_spawn in C", most = 1, ratio = function(m)
      return m["static child"].pipe / m["static child"].posix_spawn
    end },
    { "spawn: luv's time against ours", least = 3, ratio = function(m)
      return m["static child"].luv / m["static child"].pipe
    end },
  },
}
