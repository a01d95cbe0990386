--- A host whose descriptor table is full, and in which one after the other becomes free: every place in which a spawn
-- can run out of descriptors is met. What failed keeps none, and what was running goes on.
local assert = require "luassert"
local host = require "spec.host"

local script = [[
  local libc = require "spec.libc"
  local pipe = require "pipe"
  local args, options = %s
  assert(assert(pipe.spawn({ "true" }, options)):wait())
  collectgarbage() collectgarbage()
  local old = assert(pipe.spawn({ "cat" }))
  local spare, free = require "spec.full_table" (64)
  local proc, message, code
  local failures = 0
  repeat
    local before = free()
    proc, message, code = pipe.spawn(args, options)
    if not proc then
      failures = failures + 1
      assert(message:find(": Too many open files$"), message)
      assert(code == "EMFILE", code)
      assert(free() == before, "a failed spawn kept a descriptor")
      assert(libc.C.close(table.remove(spare)) == 0)
    end
  until proc
  assert(proc:wait())
  assert(old:write("old") == 3 and old:stdout_read_any(9) == "old")
  print(failures > 0)
]]

--- `spawned` is Lua code: the args and the options of a child that ends well.
return function(spawned)
  assert.equal("true\n", host.output(script:format(spawned)))
end
