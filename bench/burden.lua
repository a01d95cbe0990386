-- What a host may have besides its children, and what a fork would copy: memory and descriptors. As bench/c/burden.h.
local ffi = require("ffi")

ffi.cdef([[
struct bench_rlimit { unsigned long soft, hard; };
int bench_getrlimit(int resource, struct bench_rlimit *limit) __asm__("getrlimit");
int bench_setrlimit(int resource, const struct bench_rlimit *limit) __asm__("setrlimit");
void *bench_mmap(void *at, size_t size, int protection, int flags, int fd, long offset) __asm__("mmap");
int bench_madvise(void *at, size_t size, int advice) __asm__("madvise");
int bench_open(const char *path, int flags, ...) __asm__("open");
int bench_fcntl(int fd, int command, ...) __asm__("fcntl");
]])

local RLIMIT_NOFILE = 7
local PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, MADV_NOHUGEPAGE = 3, 0x22, 15
local O_RDWR, O_CLOEXEC, F_DUPFD_CLOEXEC = 2, 0x80000, 1030

local burden = {}

local function must(condition, what)
  if not condition then error(what .. " failed: errno " .. ffi.errno(), 3) end
end

--- As many descriptors as this process may have.
function burden.raise_descriptor_limit()
  local limit = ffi.new("struct bench_rlimit")
  must(ffi.C.bench_getrlimit(RLIMIT_NOFILE, limit) == 0, "getrlimit")
  limit.soft = limit.hard
  must(ffi.C.bench_setrlimit(RLIMIT_NOFILE, limit) == 0, "setrlimit")
end

--- In small pages, as a heap has them that grew bit by bit: nobody's fork may profit from huge ones.
function burden.touch_memory(mebibytes)
  if mebibytes == 0 then return end
  local size = mebibytes * 2 ^ 20
  local memory = ffi.C.bench_mmap(nil, size, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0)
  must(ffi.cast("intptr_t", memory) ~= -1, "mmap")
  must(ffi.C.bench_madvise(memory, size, MADV_NOHUGEPAGE) == 0, "madvise")
  ffi.fill(memory, size, 1)
end

--- Close-on-exec, as a careful host opens all of its own.
function burden.open_descriptors(count)
  if count == 0 then return end
  local null = ffi.C.bench_open("/dev/null", O_RDWR + O_CLOEXEC)
  must(null >= 0, "open")
  for _ = 2, count do must(ffi.C.bench_fcntl(null, F_DUPFD_CLOEXEC, ffi.cast("int", 0)) >= 0, "fcntl") end
end

return burden
