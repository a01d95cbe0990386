-- Workloads 1 to 3, for whatever library: spawn + wait + close of a child that exits at once. The arguments:
-- COUNT [MEBIBYTES touched] [DESCRIPTORS opened after the first spawn] [DESCRIPTORS opened before the library was
-- loaded]
local burden = require("burden")
local clock = require("clock")

--- `arguments` of the program; `load()` loads the library and returns a function that starts the child at a path
--- without arguments and with three pipes, waits for its exit, throws unless that was 0, and closes everything.
return function(arguments, load)
  local count, mebibytes, after, before = unpack(arguments, 1, 4)
  count = tonumber(count)
  local path = assert(os.getenv("BENCH_CHILDREN")) .. "/child_exit"
  burden.raise_descriptor_limit()
  burden.touch_memory(tonumber(mebibytes or 0))
  burden.open_descriptors(tonumber(before or 0))
  local spawn = load()
  spawn(path)
  burden.open_descriptors(tonumber(after or 0))
  for _ = 1, math.floor(count / 10) do spawn(path) end
  local start = clock.wall()
  for _ = 1, count do spawn(path) end
  clock.report("us", (clock.wall() - start) * 1e6 / count)
end
