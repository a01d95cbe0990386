-- Runs one program of the benchmark from start to end, and reads what it measured about itself.

--- Runs a shell's command. Returns the metrics that it printed, number by name; or nil and its output when it failed,
--- or said anything that is no metric.
return function(command)
  -- The status by echo: LuaJIT's close() does not tell it.
  local shell = assert(io.popen(command .. " </dev/null 2>&1; echo \"exit status $?\""))
  local output = shell:read("*a")
  shell:close()
  local said, status = output:match("^(.*)exit status (%d+)\n$")
  if status ~= "0" then return nil, output end
  local metrics = {}
  for line in said:gmatch("[^\n]+") do
    local metric, number = line:match("^([%w_]+) (%S+)$")
    number = tonumber(number)
    if not number or number ~= number then return nil, output end
    metrics[metric] = number
  end
  return metrics
end
