-- The descriptors of the host beside the child's: opened after its first spawn, or before the library was even loaded.
-- The second is harder, as no low number is left then that could be kept for children.
local function spawns(name, after, before)
  return { name = name, metric = "us", unit = "µs", rounds = 15,
    chart = after == 16000 and "spawn, 16,000 descriptors",
    contenders = {
      { "C", c "spawn", 200, 0, after, before },
      { "posix_spawn", c "posix_spawn", 200, 0, after, before },
      { "pipe", pipe "spawn", 200, 0, after, before },
      { "luv", luv "spawn", 50, 0, after, before },
      { "ngx.pipe", ngx "spawn", 50, 0, after, before },
    },
    needs = { descriptors = after + before + 100 } }
end

-- The dearest hundred spawns against the first hundred. Of each hundred the median, and of that the median over all
-- rounds, so that only what comes again in most rounds counts.
local function dearest(batches)
  return function(medians)
    medians.dearest = 0
    for i = 1, batches do
      medians.dearest = math.max(medians.dearest, medians["batch_" .. i] / medians.batch_1)
    end
  end
end

local function crowd(name, count, pipes, contenders)
  local metrics = { "start_s", "cpu_alone_us", "cpu_crowd_us" }
  for i = 1, count / 100 do metrics[#metrics + 1] = "batch_" .. i end
  return { name = name, metrics = metrics, derive = dearest(count / 100), rounds = 5,
    chart = "start " .. name:match("%S+") .. " children",
    shown = { "start_s", "dearest", "cpu_alone_us", "cpu_crowd_us" },
    units = { start_s = "s", dearest = "×", cpu_alone_us = "µs", cpu_crowd_us = "µs" },
    contenders = contenders,
    needs = { processes = count + 100, descriptors = count * (1 + pipes) + 100 } }
end

local sleepers = "4,000 sleepers, three pipes each"
local nulls = "10,000 sleepers, all stdio null"

return {
  number = 3,
  title = "spawns beside many descriptors and many children",
  cases = {
    spawns("no other descriptor", 0, 0),
    spawns("4,000 others", 4000, 0),
    spawns("16,000 others", 16000, 0),
    spawns("4,000 others, opened before", 0, 4000),
    spawns("16,000 others, opened before", 0, 16000),
    crowd(sleepers, 4000, 3, {
      { "C", c "crowd", 4000, 3, 300 },
      { "posix_spawn", c "posix_crowd", 4000, 3, 100 },
      { "pipe", pipe "crowd", 4000, 3, 300 },
      { "luv", luv "crowd", 4000, 3, 50, rounds = 3 },
    }),
    crowd(nulls, 10000, 0, {
      { "C", c "crowd", 10000, 0, 300 },
      { "posix_spawn", c "posix_crowd", 10000, 0, 300 },
      { "pipe", pipe "crowd", 10000, 0, 300 },
    }),
  },
  figures = {
    { "4,000 other descriptors: time against none", most = 1.4, ratio = function(m)
      return m["4,000 others"].pipe / m["no other descriptor"].pipe
    end },
    { "16,000 other descriptors: time against none", most = 1.4, ratio = function(m)
      return m["16,000 others"].pipe / m["no other descriptor"].pipe
    end },
    { "16,000 opened before the library was loaded: time against none", most = 1.4, ratio = function(m)
      return m["16,000 others, opened before"].pipe / m["no other descriptor"].pipe
    end },
    { "start of 4,000: time against posix_spawn in C", most = 0.3, ratio = function(m)
      return m[sleepers].pipe.start_s / m[sleepers].posix_spawn.start_s
    end },
    { "4,000: the dearest hundred against the first", most = 1.4, ratio = function(m)
      return m[sleepers].pipe.dearest
    end },
    { "10,000: the dearest hundred against the first", most = 1.4, ratio = function(m)
      return m[nulls].pipe.dearest
    end },
    { "a further spawn beside 4,000: host CPU against beside one", most = 1.4, ratio = function(m)
      return m[sleepers].pipe.cpu_crowd_us / m[sleepers].pipe.cpu_alone_us
    end },
    { "a further spawn beside 10,000: host CPU against beside one", most = 1.4, ratio = function(m)
      return m[nulls].pipe.cpu_crowd_us / m[nulls].pipe.cpu_alone_us
    end },
  },
}
