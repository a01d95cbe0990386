-- The descriptor of a child's output, and what libc can do with it: the least that a script can have
-- without a library.
local ffi = require("ffi")
local child = require("child")

ffi.cdef([[
typedef struct bench_FILE bench_FILE;
bench_FILE *bench_popen(const char *command, const char *mode) __asm__("popen");
int bench_pclose(bench_FILE *file) __asm__("pclose");
int bench_fileno(bench_FILE *file) __asm__("fileno");
intptr_t bench_read(int fd, void *room, size_t size) __asm__("read");
void *bench_memchr(const void *from, int byte, size_t size) __asm__("memchr");
void *bench_memmove(void *to, const void *from, size_t size) __asm__("memmove");
void *bench_realloc(void *memory, size_t size) __asm__("realloc");
]])

local descriptor = {}

--- Starts a program whose output can be read. Returns the descriptor, and what is to be called at its end: it throws
--- unless the program has exited with 0.
function descriptor.of(program, ...)
  local file = ffi.C.bench_popen("exec " .. table.concat({ child(program), ... }, " "), "r")
  if file == nil then error("popen failed") end
  return ffi.C.bench_fileno(file), function()
    local status = ffi.C.bench_pclose(file)
    if status ~= 0 then error(program .. " ended with the status " .. status) end
  end
end

--- Reads at most `size` bytes; 0 at end of file.
function descriptor.read(fd, room, size)
  local count = tonumber(ffi.C.bench_read(fd, room, size))
  if count < 0 then error("read: errno " .. ffi.errno()) end
  return count
end

return descriptor
