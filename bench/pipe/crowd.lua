-- Workload 3's crowd by this library; see bench/crowd.lua.
package.path = package.path .. ";bench/?.lua"

local pipe = require("pipe")

local NULL = { stdin = "null", stdout = "null", stderr = "null" }

local procs, watched = {}, 0

local function options(pipes)
  return not pipes and NULL or nil
end

-- As a host that looks after its children: a light thread waits for each.
local function look_after(proc)
  local ok, reason, status = proc:wait()
  assert(ok == false and reason == "signal" and status == 9, "a child had ended")
end

require("crowd")(arg, {
  start = function(path, pipes)
    local proc = assert(pipe.spawn({ path }, options(pipes)))
    proc:set_timeouts(nil, nil, nil, 0)
    procs[#procs + 1] = proc
  end,
  watch = function()
    for i = watched + 1, #procs do pipe.thread.spawn(look_after, procs[i]) end
    watched = #procs
  end,
  spawn = function(path, pipes)
    local proc = assert(pipe.spawn({ path }, options(pipes)))
    assert(proc:wait())
    proc:close()
  end,
  stop = function()
    for _, proc in ipairs(procs) do assert(proc:kill("KILL")) end
    pipe.loop.run()
  end,
})
