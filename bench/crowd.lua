-- Workload 3, for whatever library: many children that live, and what a further one costs the host beside them. As
-- bench/c/crowd.h; the arguments: COUNT, PIPES (3: three pipes each, 0: all of stdio is /dev/null), FURTHER children
-- that exit at once.
local burden = require("burden")
local clock = require("clock")
local median = require("median")

local BATCH = 100

-- batch_1, batch_2, …: the median spawn of each hundred, in microseconds. The median and not the mean: another process
-- that takes the processor for some milliseconds triples a mean, and says nothing about spawning.
local function report_batches(seconds)
  for i = 1, #seconds - BATCH + 1, BATCH do
    clock.report("batch_" .. (i - 1) / BATCH + 1, median({ unpack(seconds, i, i + BATCH - 1) }) * 1e6)
  end
end

--- `arguments` of the program. `calls`, where `pipes` tells whether the child has any:
--- `start(path, pipes)` one more of the crowd; `watch()` whatever is needed to learn of the exit of those not watched
--- yet; `spawn(path, pipes)` starts one, waits for exit status 0, and closes everything; `stop()` kills and reaps the
--- crowd.
return function(arguments, calls)
  local count, pipes, further = unpack(arguments, 1, 3)
  count, pipes, further = tonumber(count), tonumber(pipes) == 3, tonumber(further)
  local children = assert(os.getenv("BENCH_CHILDREN"))
  local sleeper, exiter = children .. "/child_sleep", children .. "/child_exit"
  burden.raise_descriptor_limit()

  local function cpu_of_further()
    calls.spawn(exiter, pipes)
    local before = clock.cpu()
    for _ = 1, further do calls.spawn(exiter, pipes) end
    return (clock.cpu() - before) * 1e6 / further
  end

  calls.start(sleeper, pipes)
  calls.watch()
  local cpu_alone = cpu_of_further()

  local seconds = {}
  local start = clock.wall()
  local before = start
  for i = 1, count do
    calls.start(sleeper, pipes)
    local now = clock.wall()
    seconds[i], before = now - before, now
  end
  clock.report("start_s", before - start)
  report_batches(seconds)

  calls.watch()
  clock.report("cpu_alone_us", cpu_alone)
  clock.report("cpu_crowd_us", cpu_of_further())
  calls.stop()
end
