--- Sends this process a signal that it catches: the handler has run when this returns. Any other would end the tests.
local assert = require "luassert"
local disposition = require "spec.disposition"
local libc = require "spec.libc"
local pipe = require "pipe"

return function(name)
  assert.equal("caught", disposition(name))
  assert.is_true(pipe.signal.kill(libc.C.getpid(), name))
end
