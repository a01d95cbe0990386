-- The middle of some numbers: unlike the mean, it does not move when one run of many was disturbed.

--- The median of a non-empty array of numbers, which is left as it is.
return function(numbers)
  assert(#numbers > 0, "no median of nothing")
  local sorted = { unpack(numbers) }
  table.sort(sorted)
  local upper = math.floor(#sorted / 2) + 1
  return (sorted[upper] + sorted[#sorted + 1 - upper]) / 2
end
