-- A program that is looked up in a PATH with long names and an empty one.
local attempt = require("faults.attempt")
local libc = require("faults.libc")

return function(pipe)
  libc.C.setenv("PATH", "/no/such/directory/of/all::/bin:/usr/bin", 1)
  attempt.refused("ENOENT", pipe.spawn, { "no-such-program-with-a-long-name" })
  assert(attempt.method(attempt.call(pipe.spawn, { "true" }), "wait"))
end
