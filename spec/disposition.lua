--- What this process does with a signal: "default", "ignored" or "caught". Not by /proc/self/status: valgrind catches
--- more than the process does.
local ffi = require "ffi"
local libc = require "spec.libc"
local signum = require "pipe.signum"

return function(name)
  local action = ffi.new("intptr_t[32]") -- the handler comes first
  assert(libc.C.sigaction(assert(signum[name]), nil, action) == 0)
  return ({ [0] = "default", [1] = "ignored" })[tonumber(action[0])] or "caught"
end
