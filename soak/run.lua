-- Runs the soak: luajit soak/run.lua cycles|mix [NAME=NUMBER...]
-- in the project's root, as `make soak` does. It ends with 1 when something is not as it should be.
--   cycles  count=100000             one child after the other
--   mix     seconds=3600 count=1000  everything at random, for both; batch=1000 operations between two looks
--           seed=1                   other operations; only=N does the one with this number, alone
if not (os.getenv("GLIBC_TUNABLES") or ""):find("glibc.malloc.tcache_count=0", 1, true) then
  -- What malloc(3) keeps for a thread counts as taken: up to 240 KiB, as time goes by.
  error("run it with GLIBC_TUNABLES=glibc.malloc.tcache_count=0, as make soak does", 0)
end

local function usage()
  error("usage: luajit soak/run.lua cycles|mix [count=N] [seconds=N] [batch=N] [seed=N] [only=N]", 0)
end

local settings = { seconds = 3600, batch = 1000, seed = 1 }
for index = 2, #arg do
  local name, value = arg[index]:match("^(%l+)=(%d+)$")
  settings[name or usage()] = tonumber(value)
end

local flat
if arg[1] == "cycles" then
  flat = require("soak.cycles")(settings.count or 100000)
elseif arg[1] == "mix" and settings.only then
  local mix = require("soak.mix")
  mix.perform(settings.seed, settings.only)
  mix.check()
  flat = true
elseif arg[1] == "mix" then
  flat = require("soak.mix").run(settings.seed, settings.batch, settings.count or settings.batch, settings.seconds)
else
  usage()
end
os.exit(flat and 0 or 1)
