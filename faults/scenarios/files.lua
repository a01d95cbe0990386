-- Files, the host's descriptors and /dev/null as the child's descriptors, in an order that crosses.
local attempt = require("faults.attempt")

local function file_of(text)
  local file = assert(io.tmpfile())
  file:write(text)
  file:seek("set")
  return file
end

return function(pipe)
  local path = os.tmpname()
  local first, second = file_of("first\n"), file_of("second\n")
  local proc = attempt.call(pipe.spawn, { "/bin/sh", "-c", "cat <&4; cat <&3; echo err >&2; exec cat >&7" }, {
    stdin = "null", stdout = { file = path }, stderr = "stdout",
    fds = { [3] = first, [4] = second, [5] = "null", [7] = { file = "/dev/null", mode = "a" } },
  })
  attempt.refused("not a pipe", proc.stdout_read_all, proc)
  assert(attempt.method(proc, "wait"))
  first:close()
  second:close()
  local file = assert(io.open(path))
  assert(file:read("*a") == "second\nfirst\nerr\n")
  file:close()
  os.remove(path)
end
