-- The fuzzer of the C interface, fuzz/abi_*.cc, leaves no function of csrc/pipe.h out.
local leaks = require "spec.leaks"
local libc = require "spec.libc"

setup(leaks.remember)
teardown(leaks.check)

local function contents(path)
  local file = assert(io.open(path))
  local text = file:read("*a")
  file:close()
  return text
end

describe("abi_fuzz", function()
  local called = {}
  for _, name in ipairs(libc.entries("fuzz")) do
    if name:find("^abi_.*%.cc$") then
      for call in contents("fuzz/" .. name):gmatch('{"(pipe_[%w_]+)", ') do
        called[call] = true
      end
    end
  end

  for call in contents("csrc/pipe.h"):gmatch("\nPIPE_EXPORT [^(]-(pipe_[%w_]+)%(") do
    it("calls " .. call, function()
      assert.is_true(called[call])
    end)
  end
end)
