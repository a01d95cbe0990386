-- Whether a run is as it should be: compared with the same scenario without a fault.

local calls = require("faults.calls")

-- What is left that was not left without the fault.
local function leftover(result, dry, call)
  for what, count in pairs(result.blocks) do
    if count > (dry.blocks[what] or 0) then
      return "memory of " .. what
    end
  end
  for what, count in pairs(result.left) do
    if count > (dry.left[what] or 0) and not (what == "a child" and call.spares) then
      return what
    end
  end
end

---@param result faults.Result
---@param dry faults.Result
---@param name string the call that failed
---@return "told"|"survived"|"aborted"|"wrong" outcome
---@return string? problem
return function(result, dry, name)
  local call = calls[name]
  if result.aborted and call.aborts then
    return "aborted"
  elseif result.wrong then
    return "wrong", result.wrong
  end
  local left = not call.leaks and leftover(result, dry, call)
  if left then
    return "wrong", "it leaves " .. left
  end
  return #result.errors > 0 and "told" or "survived"
end
