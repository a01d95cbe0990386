// Tells a loop whether it still runs in the process that opened it.
#ifndef FORK_GUARD_H_
#define FORK_GUARD_H_

#include <atomic>
#include <cstdint>

namespace pipe_core {

// A word in a page that the kernel wipes in every forked child (MADV_WIPEONFORK), so that raw clone(2) and
// syscall(SYS_fork) are noticed too, and asking costs a load where getpid(2) would cost a system call.
class ForkGuard {
 public:
  // The number of this process among its forked relatives; never 0. Maps the page at the first call; 0 if it cannot.
  static uint64_t generation();
  // Whether a loop that was made in `born` is a forked copy here.
  static bool inherited(uint64_t born) {
    const std::atomic<uint64_t>* number = number_;
    return number == nullptr || *number != born;
  }
  // For pthread_atfork(3), where the kernel cannot wipe pages.
  static void forget();

 private:
  static std::atomic<std::atomic<uint64_t>*> number_;  // in the page
};

}  // namespace pipe_core

#endif
