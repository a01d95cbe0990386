-- A host that has SIGPIPE blocked: a dead reader leaves none pending.
local ffi = require("ffi")
local attempt = require("faults.attempt")
local libc = require("faults.libc")
local reader_gone = require("faults.scenarios.reader_gone")

local SIG_BLOCK, SIG_SETMASK, SIGPIPE = 0, 2, 13

return function(pipe)
  local sigpipe, before = ffi.new("char[128]"), ffi.new("char[128]")
  libc.C.sigemptyset(sigpipe)
  libc.C.sigaddset(sigpipe, SIGPIPE)
  libc.C.sigprocmask(SIG_BLOCK, sigpipe, before)
  attempt.finally(function() reader_gone(pipe) end, function() libc.C.sigprocmask(SIG_SETMASK, before, nil) end)
end
