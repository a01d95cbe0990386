-- Signal names by number, as Linux has them on x86-64 and arm64.

---@type table<integer, string>
local signame = {
  "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
  "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
  "PWR", "SYS",
}

-- The real-time signals have no names of their own. From both ends, as bash lists them; 32 and 33 are libc's.
local LOWEST, MIDDLE, HIGHEST = 34, 49, 64

for number = LOWEST, HIGHEST do
  signame[number] = number <= MIDDLE and "RTMIN+" .. number - LOWEST or "RTMAX-" .. HIGHEST - number
end
signame[LOWEST], signame[HIGHEST] = "RTMIN", "RTMAX"

return signame
