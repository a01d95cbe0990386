-- The limit is what Lua's own coroutines cost when a loop of three lines resumes them.
local TIMES, THREADS = 1000000, 100000

local function yields(threads, whose)
  return {
    name = threads == 1 and "one yields" or ("%d yield in turn"):format(threads),
    metric = "us", unit = "µs", rounds = 5,
    contenders = {
      { "LuaJIT", luajit "yield", TIMES, threads },
      { "pipe", pipe "yield", TIMES, threads, whose },
      { "ngx.pipe", ngx "yield", TIMES, threads },
    },
  }
end

local function named(case, name)
  case.name = name
  return case
end

local function switch(name)
  return { "a switch: " .. name, most = 0.5, unit = "µs", ratio = function(m) return m[name].pipe end }
end

return {
  number = 11,
  title = "light threads",
  cases = {
    yields(2, "plain"),
    named(yields(2, "pipe"), "2 yield in turn by pipe.coroutine"),
    yields(1, "plain"),
    { name = "2 wake each other", metric = "us", unit = "µs", rounds = 5, contenders = {
      { "LuaJIT", luajit "yield", TIMES, 2 },
      { "pipe", pipe "wake", TIMES / 2, "forever" },
    } },
    { name = "2 wake each other, with a timeout", metric = "us", unit = "µs", rounds = 5, contenders = {
      { "LuaJIT", luajit "yield", TIMES, 2 },
      { "pipe", pipe "wake", TIMES / 2, 60 },
      { "ngx.pipe", ngx "wake", TIMES / 2, 60 },
    } },
    { name = "memory of one that sleeps", metrics = { "bytes", "lua", "malloc" }, unit = "bytes", rounds = 3,
      contenders = {
        { "LuaJIT", luajit "asleep", THREADS },
        { "pipe", pipe "asleep", THREADS },
        { "luv", luv "asleep", THREADS },
        { "ngx.pipe", ngx "asleep", THREADS },
      } },
  },
  figures = {
    switch("2 yield in turn"),
    switch("2 yield in turn by pipe.coroutine"),
    switch("one yields"),
    switch("2 wake each other"),
    { "one of 100,000 that sleep, beyond Lua's own coroutine", most = 512, unit = "bytes", ratio = function(m)
      local asleep = m["memory of one that sleeps"]
      return asleep.pipe.bytes - asleep.LuaJIT.bytes
    end },
  },
}
