--- Descriptors of the host at numbers of the spec's choice, and what they are.
local assert = require "luassert"
local files = require "spec.files"
local libc = require "spec.libc"

local numbered = {}

--- Opens files at these numbers, in a directory; returns a function that closes them.
function numbered.open(directory, numbers)
  for _, number in ipairs(numbers) do
    assert(libc.C.fcntl(number, libc.F_GETFD, 0) < 0, number .. " is in use")
    local fd = libc.C.open(files.write(directory .. "/at " .. number, ""), libc.O_RDWR + libc.O_CLOEXEC, 0)
    assert(libc.C.dup2(fd, number) == number)
    libc.C.close(fd)
  end
  return function()
    for _, number in ipairs(numbers) do
      assert.equal(0, libc.C.close(number))
    end
  end
end

--- What is behind a descriptor.
function numbered.target(fd)
  return libc.target("/proc/self/fd/" .. fd)
end

--- What is behind these descriptors, and their flags.
function numbered.state(numbers)
  local all = {}
  for _, fd in ipairs(numbers) do
    all[fd] = { numbered.target(fd), libc.C.fcntl(fd, libc.F_GETFD, 0), libc.C.fcntl(fd, libc.F_GETFL, 0) }
  end
  return all
end

return numbered
