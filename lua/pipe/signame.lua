-- Signal names by number, as Linux has them on x86-64 and arm64.

---@type table<integer, string>
local signame = {
  "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
  "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
  "PWR", "SYS", [34] = "RTMIN", [64] = "RTMAX",
}

-- The other real-time signals have no names of their own. From both ends, as bash lists them; 32 and 33 are libc's.
-- Made when somebody asks: nearly nobody does, and a host pays for each string in each cycle of its collector.
local function real_time(_, number)
  if type(number) ~= "number" or number % 1 ~= 0 or number < 34 or number > 64 then
    return nil
  end
  return number < 50 and "RTMIN+" .. number - 34 or "RTMAX-" .. 64 - number
end

return setmetatable(signame, { __index = real_time })
