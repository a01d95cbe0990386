-- Workload 3's crowd by luv; see bench/crowd.lua.
package.path = package.path .. ";bench/?.lua"

local uv = require("luv")

local crowd = {}

local function start(path, pipes, on_exit)
  local ends = pipes and { uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false) } or {}
  local handle
  handle = assert(uv.spawn(path, { stdio = ends }, function(code, signum)
    handle:close()
    for _, stream in ipairs(ends) do stream:close() end
    on_exit(code, signum)
  end))
  return handle
end

require("crowd")(arg, {
  start = function(path, pipes)
    crowd[#crowd + 1] = start(path, pipes, function(_, signum) assert(signum == 9, "a child had ended") end)
  end,
  watch = function() end, -- libuv watches from the start
  spawn = function(path, pipes)
    local exited
    start(path, pipes, function(code, signum) exited = code == 0 and signum == 0 end)
    while exited == nil do uv.run("once") end
    assert(exited, "the child did not exit with 0")
  end,
  stop = function()
    for _, handle in ipairs(crowd) do assert(handle:kill("sigkill")) end
    uv.run()
  end,
})
