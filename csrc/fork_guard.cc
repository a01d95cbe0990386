#include "fork_guard.h"

#include <new>
#include <sys/mman.h>

namespace pipe_core {
namespace {

constexpr size_t kSize = sizeof(std::atomic<uint64_t>);  // the kernel makes a page of it, in each call

std::atomic<uint64_t>* map_page() {
  void* page = ::mmap(nullptr, kSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return nullptr;
  static_cast<void>(::madvise(page, kSize, MADV_WIPEONFORK));  // where it fails, the atfork handler calls forget()
  return new (page) std::atomic<uint64_t>(0);
}

}  // namespace

std::atomic<std::atomic<uint64_t>*> ForkGuard::number_{nullptr};

// Takes no lock: a copy would inherit it from a thread that it does not have.
uint64_t ForkGuard::generation() {
  // Inherited by a fork, so that a child's number differs from all its ancestors'.
  static std::atomic<uint64_t> last{0};
  std::atomic<uint64_t>* number = number_;
  if (number == nullptr) {
    std::atomic<uint64_t>* const made = map_page();
    if (made == nullptr) return 0;
    if (number_.compare_exchange_strong(number, made)) {
      number = made;
    } else {
      ::munmap(made, kSize);
    }
  }
  uint64_t current = *number;
  if (current == 0) {
    const uint64_t next = ++last;
    if (number->compare_exchange_strong(current, next)) return next;
  }
  return current;
}

void ForkGuard::forget() {
  if (std::atomic<uint64_t>* number = number_) *number = 0;
}

}  // namespace pipe_core
