--- Everything at random: many light threads, and the main chunk, each take one operation after the other. What an
-- operation does depends on the seed and on its number only; every answer is checked.
local batches = require "soak.batches"
local pipe = require "pipe"
local random = require "soak.random"

local THREADS = 12

local deeds, names = {}, {}
for _, topic in ipairs { "reading", "writing", "ending", "trees", "running", "threads", "surroundings", "host" } do
  for name, deed in pairs(require("soak.deeds." .. topic)) do
    deeds[name] = deed
    names[#names + 1] = name
  end
end
table.sort(names)

local mix = {}

local failed -- the first failure: what the soak ends with

--- Does the operation of this number. The first ones are one of each, so that all of it is warm.
function mix.perform(seed, number)
  local source = random.from(seed, number)
  local name = names[number] or source:one_of(names)
  local ok, failure = xpcall(function() deeds[name](source) end, debug.traceback)
  if not ok then
    failed = failed or ("operation %d (%s) with seed %d: %s"):format(number, name, seed, failure)
  end
end

-- Operations up to `last`, shared by all who work.
local function work_up_to(seed, first, last)
  local next_number = first
  local function work()
    while next_number <= last and not failed do
      next_number = next_number + 1
      mix.perform(seed, next_number - 1)
    end
  end
  local threads = {}
  for index = 1, THREADS do
    threads[index] = pipe.thread.spawn(work)
  end
  work()
  for _, thread in ipairs(threads) do
    pipe.thread.wait(thread)
  end
  if failed then
    error(failed, 0)
  end
end

--- Until both so many operations have been done and so much time has passed, in batches of `size`.
function mix.run(seed, size, count, seconds)
  size = math.max(size, #names)
  return batches("mix", function(batch)
    work_up_to(seed, (batch - 1) * size + 1, batch * size)
    return size
  end, function(done, elapsed_ms) return done >= count and elapsed_ms >= seconds * 1000 end)
end

--- Fails with what has gone wrong so far.
function mix.check()
  if failed then
    error(failed, 0)
  end
end

return mix
