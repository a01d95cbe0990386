--- The process group and the session of a process ("self" is the host), as its /proc/PID/stat tells them.
return function(pid)
  local file = assert(io.open("/proc/" .. pid .. "/stat"))
  local group, session = file:read("*l"):match("^%d+ %(.*%) %a %d+ (%d+) (%d+)")
  file:close()
  return { group = tonumber(group), session = tonumber(session) }
end
