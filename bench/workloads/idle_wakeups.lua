-- With SIGCHLD instead of pidfds the library asks for its children ten times a second, by design: shown, not judged.
local CHILDREN, SECONDS = 100, 10

return {
  number = 12,
  title = "wakeups of a host with 100 idle children in 10 s",
  cases = {
    { name = "nothing to do", metric = "wakeups", unit = "wakeups", rounds = 3, chart = false, contenders = {
      { "pipe", pipe "idle_wakeups", CHILDREN, SECONDS, "pidfd" },
      { "luv", luv "idle_wakeups", CHILDREN, SECONDS },
      { "ngx.pipe", ngx "idle_wakeups", CHILDREN, SECONDS },
    } },
    { name = "nothing to do, PIPE_REAPER=sigchld", metric = "wakeups", unit = "wakeups", rounds = 1, chart = false,
      contenders = { { "pipe", pipe "idle_wakeups", CHILDREN, SECONDS, "sigchld" } } },
  },
  figures = {
    { "wakeups in 10 s", most = 0, unit = "wakeups", ratio = function(m) return m["nothing to do"].pipe end },
  },
}
