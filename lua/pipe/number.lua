-- What counts as a number in arguments and options.

local number = {}

---A whole number between `least` and `most`.
---@param value any
---@param least number
---@param most number?
---@return number? number nil for anything else, numeric strings, NaN and infinity included
function number.whole(value, least, most)
  -- The remainder of infinity is NaN, and NaN equals nothing.
  if type(value) == "number" and value % 1 == 0 and value >= least and (not most or value <= most) then
    return value
  end
end

return number
