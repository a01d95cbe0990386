-- Two descriptors of the host's that change places in the child.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

local FIRST, SECOND = 40, 41

-- A file with this text in it, at this number.
local function place(number, text)
  local file = assert(io.tmpfile())
  file:write(text)
  file:seek("set")
  assert(libc.C.dup2(libc.C.fileno(file), number) == number)
  file:close()
end

return function(pipe)
  place(FIRST, "first\n")
  place(SECOND, "second\n")
  attempt.finally(function()
    local proc = attempt.call(pipe.spawn, { "/bin/cat", "/dev/fd/" .. FIRST, "/dev/fd/" .. SECOND },
      { fds = { [FIRST] = SECOND, [SECOND] = FIRST } })
    assert(attempt.read_all(proc) == "second\nfirst\n")
    assert(attempt.method(proc, "wait"))
  end, function()
    libc.C.close(FIRST)
    libc.C.close(SECOND)
  end)
end
