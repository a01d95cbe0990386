-- pipe.signal: names, numbers, and sending.
local leaks = require "spec.leaks"
local libc = require "spec.libc"
local pipe = require "pipe"

setup(leaks.remember)
teardown(leaks.check)

local signal = pipe.signal

describe("pipe.signal.signum", function()
  it("knows short names and long ones", function()
    assert.equal(15, signal.signum("TERM"))
    assert.equal(15, signal.signum("SIGTERM"))
  end)
end)

describe("pipe.signal.wait", function()
  it("tells what has come", function()
    signal.wait("USR1", 1)
    signal.kill(libc.C.getpid(), "USR1")
    assert.equal("USR1", signal.wait("USR1"))
    signal.reset("USR1")
  end)
end)
