-- No byte passes through the host.
local BYTES = 4 * 2 ^ 30

local name = "4 GiB through three programs"
local COMMAND = ("$BENCH_CHILDREN/child_blocks %d | cat | $BENCH_CHILDREN/child_discard %d"):format(BYTES, BYTES)

return {
  number = 13,
  title = "a pipeline of three",
  cases = {
    { name = name, metric = "wall_s", unit = "s", rounds = 9, chart = "pipeline", contenders = {
      { "sh", c "shell", COMMAND },
      { "pipe", pipe "pipeline_of_three", BYTES },
      { "luv", luv "pipeline_of_three", BYTES },
    } },
  },
  figures = {
    { "pipeline: time against the shell's own", most = 1.02, ratio = function(m) return m[name].pipe / m[name].sh end },
  },
}
