#include "joint.h"

#include <algorithm>
#include <cerrno>
#include <climits>

namespace pipe_core {

int Joint::open(size_t capacity) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -errno;
  reading_end.reset(ends[0]);
  writing_end.reset(ends[1]);
  // Refused (EPERM) beyond /proc/sys/fs/pipe-max-size and pipe-user-pages-soft: a smaller pipe is slower, not wrong.
  if (capacity > 0) ::fcntl(writing_end.get(), F_SETPIPE_SZ, static_cast<int>(std::min<size_t>(capacity, INT_MAX)));
  const int status = reading_end.move_above_stdio();
  return status < 0 ? status : writing_end.move_above_stdio();
}

int Joint::copy(const Joint& other) {
  reading_end.reset(::fcntl(other.reading_end.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!reading_end) return -errno;
  writing_end.reset(::fcntl(other.writing_end.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  return writing_end ? 0 : -errno;
}

}  // namespace pipe_core
