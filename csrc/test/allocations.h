// How much memory this test process may still get by `new`. For one file of a program: it replaces the operator.
#ifndef ALLOCATIONS_H_
#define ALLOCATIONS_H_

#include <climits>
#include <cstdlib>
#include <new>

namespace pipe_core {

int allocations_left = INT_MAX;
bool only_one_fails = false;

inline bool may_allocate() {
  if (allocations_left-- > 0) return true;
  if (only_one_fails) allocations_left = INT_MAX;
  return false;
}

// From here to the end of the scope. `Then::kOneFails`: after that one there is enough again.
class Allocations {
 public:
  enum class Then { kAllFail, kOneFails };
  explicit Allocations(int left, Then then = Then::kAllFail) {
    allocations_left = left;
    only_one_fails = then == Then::kOneFails;
  }
  ~Allocations() { allocations_left = INT_MAX; }
  Allocations(const Allocations&) = delete;
  Allocations& operator=(const Allocations&) = delete;
};

}  // namespace pipe_core

// Not inlined: g++ would take new with free(3), or malloc(3) with delete, for a mistake.
[[gnu::noinline]] void* operator new(size_t size) {
  void* memory = pipe_core::may_allocate() ? std::malloc(size) : nullptr;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
// Its own, too: AddressSanitizer's would not go by the one above, as libstdc++'s does.
[[gnu::noinline]] void* operator new(size_t size, const std::nothrow_t&) noexcept {
  return pipe_core::may_allocate() ? std::malloc(size) : nullptr;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

#endif
