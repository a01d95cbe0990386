--- For a host of its own: fills its descriptor table up to a limit.
local libc = require "spec.libc"

--- The descriptors that filled it, to be closed one after the other, and a function that counts the free numbers.
return function(limit)
  libc.limit(libc.RLIMIT_NOFILE, limit)
  local spare = {}
  repeat
    local fd = libc.C.open("/dev/null", libc.O_RDONLY, 0)
    spare[#spare + 1] = fd >= 0 and fd or nil
  until fd < 0
  return spare, function()
    local count = 0
    for fd = 0, limit - 1 do
      count = count + (libc.C.fcntl(fd, libc.F_GETFD, 0) < 0 and 1 or 0)
    end
    return count
  end
end
