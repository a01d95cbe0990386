-- Numbers for people: as many digits as mean something.
local number_text = {}

local function with_commas(digits)
  local reversed = digits:reverse():gsub("(%d%d%d)", "%1,")
  return (reversed:reverse():gsub("^,", ""))
end

--- A measured number, without its unit.
function number_text.measured(number)
  local size = math.abs(number)
  if size >= 1000 then return with_commas(("%.0f"):format(number)) end
  if size >= 100 then return ("%.0f"):format(number) end
  if size >= 10 then return ("%.1f"):format(number) end
  if size >= 1 or size == 0 then return ("%.2f"):format(number) end
  return ("%.3g"):format(number)
end

--- A ratio, or another figure: exact enough that 1.1504 does not look like 1.15.
function number_text.figure(number)
  if number == 0 then return "0" end
  return math.abs(number) >= 10 and number_text.measured(number) or ("%.3f"):format(number)
end

return number_text
