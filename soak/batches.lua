--- Work in batches, with a look at the vitals after each. The first one does everything once: its descriptors and
-- signals are what they stay; the second one's memory is what later ones are compared with.
local vitals = require "soak.vitals"

local function now()
  return tonumber(require("pipe.clib").pipe_now()) -- ms
end

--- `work(batch)` does one batch and returns how many operations that were; nil when there is nothing left to do. `done`
--- and `elapsed_ms` go to `enough`, which ends it all. Returns whether everything stayed flat.
return function(name, work, enough)
  local start, done, first, warm = now(), 0, nil, nil
  for batch = 1, math.huge do
    done = done + work(batch)
    local elapsed, found = now() - start, vitals.measure()
    print(("%s: %d operations, %.0f s: %s"):format(name, done, elapsed / 1000, vitals.text(found)))
    io.stdout:flush()
    first = first or found
    warm = batch == 2 and found or warm
    local change = vitals.change(first, found) or warm and vitals.growth(warm, found)
    if change or batch > 2 and enough(done, elapsed) then
      print(("%s: %s"):format(name, change or "flat"))
      return not change
    end
  end
end
