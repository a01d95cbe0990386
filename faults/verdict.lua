-- Whether a run is as it should be: compared with the same scenario without a fault.

local calls = require("faults.calls")

-- What is there that was not there without the fault.
local function more(counts, dry, spared)
  for what, count in pairs(counts) do
    if what ~= spared and count > (dry[what] or 0) then
      return what
    end
  end
end

local function leftover(result, dry, call)
  local block = more(result.blocks, dry.blocks)
  if block then
    return "it leaves memory of " .. block
  end
  local left = more(result.left, dry.left, call.spares and "a child" or nil)
  if left then
    return "it leaves " .. left
  end
  -- While the host goes on: descriptors. (Not memory: what is made when it is first needed stays with the loop. Nor
  -- where the rig itself has reaped children: the loop may not know it yet.)
  local held = not call.spares and result.held and dry.held and more(result.held, dry.held)
  return held and "it goes on with one more " .. held or nil
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
    return "wrong", left
  end
  return #result.errors > 0 and "told" or "survived"
end
