#include "fork_guard.h"

#include <mutex>
#include <sys/mman.h>
#include <unistd.h>

namespace pipe_core {

volatile uint64_t* ForkGuard::page_ = nullptr;

uint64_t ForkGuard::generation() {
  static std::mutex mutex;
  static uint64_t last = 0;  // inherited by a fork, so that a child's number differs from all its ancestors'
  const std::lock_guard<std::mutex> lock(mutex);
  if (page_ == nullptr) {
    const auto size = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
    void* page = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED) return 0;
    static_cast<void>(::madvise(page, size, MADV_WIPEONFORK));  // where it fails, the atfork handler calls forget()
    page_ = static_cast<uint64_t*>(page);
  }
  if (*page_ == 0) *page_ = ++last;
  return *page_;
}

void ForkGuard::forget() {
  if (page_ != nullptr) *page_ = 0;
}

}  // namespace pipe_core
