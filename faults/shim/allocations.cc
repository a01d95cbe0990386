// Memory: what the library and libuv allocate counts, may fail, and is owned until it is freed.
#include <cerrno>
#include <cstdlib>
#include <new>

#include "plan.h"

// glibc's own, behind the names that are replaced here. Not by dlsym(3), which allocates.
extern "C" {
void* __libc_malloc(size_t size);                // NOLINT(bugprone-reserved-identifier)
void* __libc_calloc(size_t count, size_t size);  // NOLINT(bugprone-reserved-identifier)
void* __libc_realloc(void* block, size_t size);  // NOLINT(bugprone-reserved-identifier)
void __libc_free(void* block);                   // NOLINT(bugprone-reserved-identifier)
}

namespace {

#define CALLER __builtin_return_address(0)

void* refuse(int error) {
  errno = error;
  return nullptr;
}

void* allocate(const char* name, const void* site, size_t size) {
  if (const int error = faults::fails(name, site)) return refuse(error);
  void* block = __libc_malloc(size);
  faults::owned(name, site, block);
  return block;
}

}  // namespace

extern "C" {

EXPORTED void* malloc(size_t size) { return allocate("malloc", CALLER, size); }

EXPORTED void* calloc(size_t count, size_t size) {
  if (const int error = faults::fails("calloc", CALLER)) return refuse(error);
  void* block = __libc_calloc(count, size);
  faults::owned("calloc", CALLER, block);
  return block;
}

EXPORTED void* realloc(void* block, size_t size) {
  if (const int error = faults::fails("realloc", CALLER)) return refuse(error);
  faults::disowned(block);  // before another thread may be given the same one
  void* moved = __libc_realloc(block, size);
  faults::owned("realloc", CALLER, moved);
  return moved;
}

EXPORTED void free(void* block) {
  faults::disowned(block);
  __libc_free(block);
}
}

EXPORTED void* operator new(size_t size) {
  void* block = allocate("new", CALLER, size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

EXPORTED void* operator new(size_t size, const std::nothrow_t&) noexcept { return allocate("new", CALLER, size); }

EXPORTED void operator delete(void* block) noexcept { free(block); }
EXPORTED void operator delete(void* block, size_t) noexcept { free(block); }
