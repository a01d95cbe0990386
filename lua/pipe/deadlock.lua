-- The text of the error for a wait that nothing can end.

local deadlock = {}

-- "@/usr/share/lua/5.1/pipe/": frames in there are ours and tell the user nothing.
local own_folder = debug.getinfo(1, "S").source:match("^@.*/")

local function standing_at(co)
  local level = 0
  local frame = debug.getinfo(co, level, "Sl")
  while frame do
    local ours = own_folder and frame.source:sub(1, #own_folder) == own_folder
    if frame.what ~= "C" and not ours then
      return frame.short_src .. ":" .. frame.currentline
    end
    level = level + 1
    frame = debug.getinfo(co, level, "Sl")
  end
  return "?"
end

---One line for each light thread, in the order of their start.
---@param living table<pipe.Task, true>
---@return string text
function deadlock.describe(living)
  local tasks = {}
  for task in pairs(living) do
    tasks[#tasks + 1] = task
  end
  if #tasks == 0 then
    return "deadlock: no light thread is left that could end this wait"
  end
  table.sort(tasks, function(a, b) return a.born < b.born end)
  local lines = { "deadlock: the light threads wait only for one another; they stand at" }
  for _, task in ipairs(tasks) do
    lines[#lines + 1] = "\t" .. standing_at(task.innermost)
  end
  return table.concat(lines, "\n")
end

return deadlock
