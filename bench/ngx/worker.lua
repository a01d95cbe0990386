-- Runs inside nginx: the program that start.sh was given, in a timer, where ngx.pipe may wait. A program gets its
-- arguments as `...`, and reports its metrics itself or returns a table of them.
package.path = package.path .. ";bench/?.lua"
local burden = require("burden")
local clock = require("clock")

local arguments = {}
for argument in os.getenv("BENCH_ARGUMENTS"):gmatch("[^\n]+") do arguments[#arguments + 1] = argument end

local function run()
  burden.raise_descriptor_limit()
  package.preload.pipe = function() return dofile("bench/ngx/pipe.lua") end
  _G.arg = arguments
  local program = assert(loadfile(os.getenv("BENCH_PROGRAM")))
  for metric, number in pairs(program(unpack(arguments)) or {}) do clock.report(metric, number) end
end

local function main()
  local ok, failure = xpcall(run, debug.traceback)
  if not ok then io.stderr:write(failure, "\n") end
  io.stdout:flush()
  os.exit(ok and 0 or 1) -- not gracefully: nobody is served, and a light thread may still be waiting
end

local ok, failure = ngx.timer.at(0, main)
if not ok then
  io.stderr:write("no timer: ", failure, "\n")
  os.exit(1)
end
