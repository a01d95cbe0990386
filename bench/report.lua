-- Tells the driver all metrics of a table.
local clock = require("clock")

return function(metrics)
  for metric, number in pairs(metrics) do clock.report(metric, number) end
end
