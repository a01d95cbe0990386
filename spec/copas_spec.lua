-- pipe.copas: life inside Copas.
local carried = require "spec.carried"
local leaks = require "spec.leaks"

local copas = require "copas"
local socket = require "socket"
local adapter = require "pipe.copas"

-- A datagram to oneself: what Copas has no other means for.
local function later(f)
  local ear = socket.udp()
  assert(ear:setsockname("127.0.0.1", 0))
  ear:settimeout(0)
  copas.addthread(function()
    copas.receivefrom(ear)
    ear:close()
    f()
  end)
  assert(ear:sendto("now", ear:getsockname()))
end

setup(function()
  adapter.attach()
  adapter.detach()
  leaks.remember()
end)
teardown(leaks.check)

local case = carried {
  name = "pipe.copas",
  attach = adapter.attach,
  start = copas.addthread,
  later = later,
  turn = copas.step,
}

describe("pipe.copas", function()
  before_each(case.before)
  after_each(case.after)

  for name, body in pairs(case.cases) do
    it(name, body)
  end
end)
