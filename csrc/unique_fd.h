// Owns one descriptor, and keeps it off the numbers 0, 1 and 2.
#ifndef UNIQUE_FD_H_
#define UNIQUE_FD_H_

#include <cerrno>
#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace pipe_core {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(other.release()) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset(int fd = -1) {
    // Never close(2) twice after EINTR: Linux has freed the number already, and another thread may own it by now.
    if (fd_ >= 0) ::close(fd_);
    fd_ = fd;
  }

  // A host may run with its own 0, 1 or 2 closed; a descriptor of ours there would become somebody's stdout.
  // Returns 0 or a negative errno, and owns nothing then.
  int move_above_stdio() {
    if (fd_ < 0 || fd_ > STDERR_FILENO) return 0;
    const int moved = ::fcntl(fd_, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    const int error = errno;
    reset(moved);
    return moved >= 0 ? 0 : -error;
  }

 private:
  int fd_ = -1;
};

}  // namespace pipe_core

#endif
