-- What memory this process has in use, and from whom: malloc's, and the heap of Lua's objects, which LuaJIT takes from
-- the kernel itself.
local ffi = require("ffi")

ffi.cdef([[
struct bench_mallinfo {
  size_t arena, free_chunks, fast_chunks, mapped_chunks, mapped, peak, fast, in_use, free, trimmable;
};
struct bench_mallinfo bench_mallinfo(void) __asm__("mallinfo2");
]])

local memory = {}

--- Bytes that malloc has given out: uordblks and hblkhd of mallinfo2(3).
function memory.malloced()
  local info = ffi.C.bench_mallinfo()
  return tonumber(info.in_use) + tonumber(info.mapped)
end

--- Bytes of Lua's objects that are still in use. Twice: what has a finalizer is freed by the second collection.
function memory.lua()
  collectgarbage()
  collectgarbage()
  return collectgarbage("count") * 1024
end

return memory
