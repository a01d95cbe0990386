--- Asserts that a call throws exactly this text: without a position when Lua's pcall is the caller, and with the
-- caller's line when a Lua function is.
local assert = require "luassert"

local source = "local call = ...\n" .. "return (call(select(2, ...)))"

return function(text, call, ...)
  local ok, message = pcall(call, ...)
  assert.is_false(ok)
  assert.equal(text, message)

  ok, message = pcall(assert(loadstring(source, "=caller")), call, ...)
  assert.is_false(ok)
  assert.equal("caller:2: " .. text, message)
end
