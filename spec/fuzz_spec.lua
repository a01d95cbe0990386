-- The fuzzer of the C interface, fuzz/abi_*.cc, leaves no function of csrc/pipe.h out.
local files = require "spec.files"
local leaks = require "spec.leaks"
local libc = require "spec.libc"

setup(leaks.remember)
teardown(leaks.check)

describe("abi_fuzz", function()
  local called = {}
  for _, name in ipairs(libc.entries("fuzz")) do
    if name:find("^abi_.*%.cc$") then
      for call in files.read("fuzz/" .. name):gmatch('{"(pipe_[%w_]+)", ') do
        called[call] = true
      end
    end
  end

  for call in files.read("csrc/pipe.h"):gmatch("\nPIPE_EXPORT [^(]-(pipe_[%w_]+)%(") do
    it("calls " .. call, function()
      assert.is_true(called[call])
    end)
  end
end)
