--- Children whose operations time out only where something hangs: the bound of a failing soak, and no delay.
local pipe = require "pipe"

local patient = {
  MS = 600000,
}

local function settings(options)
  local all = { write_timeout = patient.MS, stdout_read_timeout = patient.MS, stderr_read_timeout = patient.MS,
    wait_timeout = patient.MS }
  for name, value in pairs(options or {}) do
    all[name] = value
  end
  return all
end

function patient.spawn(args, options)
  return assert(pipe.spawn(args, settings(options)))
end

function patient.pipeline(stages, options)
  return assert(pipe.pipeline(stages, settings(options)))
end

--- Runs the body with one of the four timeouts, by its place in set_timeouts, at a millisecond.
function patient.hurried(proc, place, body)
  local times = {}
  times[place] = 1
  proc:set_timeouts(times[1], times[2], times[3], times[4])
  body()
  times[place] = patient.MS
  proc:set_timeouts(times[1], times[2], times[3], times[4])
end

--- The results of a light thread that must not fail.
function patient.join(thread)
  return (function(ok, ...)
    if not ok then
      error((...), 0)
    end
    return ...
  end)(pipe.thread.wait(thread))
end

return patient
