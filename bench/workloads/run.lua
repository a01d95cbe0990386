-- cpu_us is the host's own processor time, without the command's. io.popen leaves the command's stderr where the host's
-- is, and always starts a shell, which then becomes the program.
local TIMES = 1000 -- by then LuaJIT has compiled most of what it can

local function case(name, what)
  return {
    name = name, metrics = { "us", "cpu_us" }, unit = "µs", rounds = 7,
    contenders = {
      { "C", c "run", TIMES, what },
      { "posix_spawn", c "posix_run", TIMES, what },
      { "pipe", pipe "run", TIMES, what },
      { "luv", luv "run", TIMES, what },
      { "io.popen", popen "run", TIMES, what },
      { "ngx.pipe", ngx "run", TIMES, what },
    },
  }
end

local PROGRAM, SHELL = "/bin/echo hi", "echo hi by a shell"

local function against(column, text, name, figure)
  figure[1] = ("%s: %s"):format(text, name)
  figure.ratio = function(m) return m[name].pipe.us / m[name][column].us end
  return figure
end

return {
  number = 10,
  title = "a command from start to end, both outputs collected",
  cases = { case(PROGRAM, "program"), case(SHELL, "shell") },
  figures = {
    against("C", "time against C", PROGRAM, { most = 1.1 }),
    against("C", "time against C", SHELL, { most = 1.1 }),
    against("io.popen", "time against io.popen", PROGRAM, { most = 1 }),
    against("io.popen", "time against io.popen", SHELL, { most = 1 }),
    against("ngx.pipe", "time against lua-resty-shell", PROGRAM, { most = 1 }),
    against("ngx.pipe", "time against lua-resty-shell", SHELL, { most = 1 }),
  },
}
