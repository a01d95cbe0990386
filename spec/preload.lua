--- busted's `--helper`: runs once, before the spec files.
-- busted loads modules anew for each spec file, while `ffi.metatype` and `ffi.cdef` work once in a Lua state; what is
-- loaded here stays. What the library makes once in a process (its loop, its reserved descriptors) is made here
-- too, so that each spec file can compare the descriptors before and after.
local libc = require "spec.libc"

-- A sanitizer's runtime has to be preloaded into LuaJIT, but breaks children such as perl. spec/host.lua gives it
-- back to the LuaJIT processes that it starts.
local sanitizer = os.getenv("LD_PRELOAD")
if sanitizer and sanitizer ~= "" then
  libc.C.setenv("PIPE_SPEC_PRELOAD", sanitizer, 1)
  libc.C.unsetenv("LD_PRELOAD")
end

local pipe = require "pipe"
assert(assert(pipe.spawn({ "true" })):wait())
pipe.sleep(0)
