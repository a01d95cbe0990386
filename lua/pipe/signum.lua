-- Signal numbers by name, as Linux has them on x86-64 and arm64.

local names = {
  "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
  "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
  "PWR", "SYS",
}
local aliases = { IOT = "ABRT", CLD = "CHLD", POLL = "IO" }

---"TERM" and "SIGTERM" are both 15.
---@type table<string, integer>
local signum = {}

for number, name in ipairs(names) do
  signum[name] = number
end
for alias, name in pairs(aliases) do
  signum[alias] = signum[name]
end
local short_names = {}
for name in pairs(signum) do
  short_names[#short_names + 1] = name
end
for _, name in ipairs(short_names) do
  signum["SIG" .. name] = signum[name]
end

return signum
