--- The state of a process, as its letter in /proc: "R" runs, "S" sleeps, "T" is stopped, "Z" is dead and not reaped.
-- nil when there is none.
return function(pid)
  local file = io.open("/proc/" .. pid .. "/stat")
  if not file then
    return nil
  end
  local stat = file:read("*l") or ""
  file:close()
  return stat:match("^%d+ %(.*%) (%a)")
end
