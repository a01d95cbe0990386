#include "joint.h"

#include <algorithm>
#include <cerrno>
#include <climits>

namespace pipe_core {
namespace {

constexpr int kOpenFlags[] = {O_RDONLY, O_WRONLY | O_CREAT | O_TRUNC, O_WRONLY | O_CREAT | O_APPEND};
constexpr mode_t kNewFileMode = 0666;

}  // namespace

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

// Without blocking: a FIFO has to wait for its other end. The child's own descriptor blocks, as programs expect.
int Joint::open_file(const char* path, int access) {
  writing_end.reset(::open(path, kOpenFlags[access] | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, kNewFileMode));
  if (!writing_end) return -errno;
  const int flags = ::fcntl(writing_end.get(), F_GETFL);
  if (flags < 0 || ::fcntl(writing_end.get(), F_SETFL, flags & ~O_NONBLOCK) != 0) return -errno;
  return writing_end.move_above_stdio();
}

int Joint::copy(const Joint& other) {
  reading_end.reset(::fcntl(other.reading_end.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!reading_end) return -errno;
  writing_end.reset(::fcntl(other.writing_end.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  return writing_end ? 0 : -errno;
}

}  // namespace pipe_core
