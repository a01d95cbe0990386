#include "nosignal_write.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <sys/syscall.h>
#include <unistd.h>
#include <uv.h>

#include "raw_syscall.h"

namespace pipe_core {
namespace {

constexpr long kNoSignal = 0x100;  // RWF_NOSIGNAL of <linux/fs.h>

class SigpipeBlocked {
 public:
  SigpipeBlocked() {
    ::sigemptyset(&sigpipe_);
    ::sigaddset(&sigpipe_, SIGPIPE);
    error_ = ::pthread_sigmask(SIG_BLOCK, &sigpipe_, &before_);
    // Where it was not blocked, none can have been pending: that would have been delivered.
    if (error_ != 0 || ::sigismember(&before_, SIGPIPE) != 1) return;
    sigset_t pending;
    was_pending_ = ::sigpending(&pending) == 0 && ::sigismember(&pending, SIGPIPE) == 1;
  }
  ~SigpipeBlocked() {
    if (error_ == 0) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  SigpipeBlocked(const SigpipeBlocked&) = delete;
  SigpipeBlocked& operator=(const SigpipeBlocked&) = delete;

  // A positive errno where it could not be blocked.
  int error() const { return error_; }

  // Takes the signal that our write has just raised. One that was pending before is the host's own: it stays.
  void eat() {
    if (was_pending_) return;
    const timespec at_once = {};
    while (::sigtimedwait(&sigpipe_, nullptr, &at_once) < 0 && errno == EINTR) {
    }
  }

 private:
  sigset_t sigpipe_;
  sigset_t before_;
  int error_ = 0;
  bool was_pending_ = false;
};

}  // namespace

ssize_t write_with_nosignal_flag(int fd, const iovec* vectors, int count) {
  // Offset -1: at the current position, which is the only one a pipe has. libc's wrapper may not know the flag.
  const long result = ::syscall(SYS_pwritev2, fd, vectors, count, -1L, -1L, kNoSignal);
  if (result >= 0) return result;
  // EPERM: a sandbox; a pipe has no such error of its own.
  const bool refused = errno == EOPNOTSUPP || errno == ENOSYS || errno == EINVAL || errno == EPERM;
  return refused ? UV_ENOTSUP : -errno;
}

ssize_t write_with_sigpipe_blocked(int fd, const iovec* vectors, int count) {
  SigpipeBlocked blocked;
  if (blocked.error() != 0) return -blocked.error();
  const ssize_t result = ::writev(fd, vectors, count);
  if (result >= 0) return result;
  const int error = errno;
  if (error == EPIPE) blocked.eat();
  return -error;
}

ssize_t nosignal_write(int fd, const iovec* vectors, int count) {
  static std::atomic<bool> kernel_has_flag{true};
  if (kernel_has_flag.load(std::memory_order_relaxed)) {
    const ssize_t result = write_with_nosignal_flag(fd, vectors, count);
    if (result != UV_ENOTSUP) return result;
    kernel_has_flag = false;
  }
  return write_with_sigpipe_blocked(fd, vectors, count);
}

}  // namespace pipe_core
