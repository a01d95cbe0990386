--- Asserts that a call throws a text with this beginning, at the caller's line.
local assert = require "luassert"

local source = "local call = ...\n" .. "return (call(select(2, ...)))"

return function(head, call, ...)
  local ok, message = pcall(assert(loadstring(source, "=caller")), call, ...)
  assert.is_false(ok)
  local expected = "caller:2: " .. head
  assert.equal(expected, tostring(message):sub(1, #expected))
end
