-- Memory for each of many coroutines that wait, for whatever library. The argument: COUNT
local memory = require("memory")

--- `arguments` of the program; `start()` makes one, lets it run up to its wait, and returns it; `settle()` is called
--- when all have been started. Returns the metrics.
return function(arguments, start, settle)
  local count = assert(tonumber(arguments[1]))
  local coroutines = {}
  for i = 1, count + 1 do coroutines[i] = false end
  -- The first one brings what is there only once.
  coroutines[1] = start()
  settle()
  local lua, malloced = memory.lua(), memory.malloced()
  for i = 2, count + 1 do coroutines[i] = start() end
  settle()
  local more_lua, more_malloced = memory.lua() - lua, memory.malloced() - malloced
  for i = 1, count + 1 do assert(coroutine.status(coroutines[i]) == "suspended") end
  return { lua = more_lua / count, malloc = more_malloced / count, bytes = (more_lua + more_malloced) / count }
end
