-- pipe.copas: life inside Copas.
local carried = require "spec.carried"
local host = require "spec.host"
local leaks = require "spec.leaks"
local pipe = require "pipe"

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
  script = [[
    local copas = require "copas"
    local attach, left = require "pipe.copas".attach, 0
    local function start(f)
      left = left + 1
      copas.addthread(function()
        f()
        left = left - 1
      end)
    end
    local function run()
      while left > 0 do copas.step() end
    end
  ]],
}

describe("pipe.copas", function()
  before_each(case.before)
  after_each(case.after)

  for name, body in pairs(case.cases) do
    it(name, body)
  end

  it("serves a connection whose handler runs a child", function()
    local server = assert(socket.bind("127.0.0.1", 0))
    local answer
    copas.addserver(server, function(client)
      local line = copas.receive(client)
      copas.send(client, assert(pipe.run({ "tr", "a-z", "A-Z" }, { input = line })).stdout .. "\n")
      client:close()
    end)
    copas.addthread(function()
      local client = socket.tcp()
      assert(copas.connect(client, server:getsockname()))
      copas.send(client, "text\n")
      answer = copas.receive(client)
      client:close()
    end)
    while not answer do
      copas.step()
    end
    assert.equal("TEXT", answer)
    server:close()
  end)
end)

describe("pipe.copas in a host of its own", function()
  for name, body in pairs(case.hosted) do
    it(name, body)
  end

  it("refuses a descriptor that is too large for select(2)", function()
    assert.equal("nil\tEMFILE\n", host.output [[
      local libc = require "spec.libc"
      local adapter = require "pipe.copas"
      libc.limit(libc.RLIMIT_NOFILE, 2000)
      repeat until libc.C.open("/dev/null", libc.O_RDONLY, 0) >= 1023
      local ok, message, code = adapter.attach()
      assert(message:find("too large for select"), message)
      print(ok, code)
    ]])
  end)
end)
