#include "spawn_child.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <sys/resource.h>

#include "raw_syscall.h"

// A sanitizer's bookkeeping would be the parent's.
#define IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined"), no_stack_protector))

namespace pipe_core {
namespace {

constexpr unsigned kLastDescriptor = ~0U;
constexpr unsigned kCloseRangeUnshare = 1U << 1;
constexpr int kKernelSignals = 64;

// The kernel's struct sigaction; libc's call would change a sanitizer's table in the parent.
struct KernelSigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)();
  uint64_t mask;
};

template <class T>
IN_CHILD long as_argument(T* pointer) {
  return reinterpret_cast<long>(pointer);
}

// Handlers must go before the mask is opened: they would run here, in the parent's memory.
IN_CHILD void reset_signal_handlers() {
  const KernelSigaction by_default = {};
  for (int signum = 1; signum <= kKernelSignals; ++signum) {
    raw_syscall(SYS_rt_sigaction, signum, as_argument(&by_default), 0, sizeof by_default.mask);
  }
}

IN_CHILD void open_signal_mask() {
  const uint64_t none = 0;
  raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, as_argument(&none), 0, sizeof none);
}

struct DirectoryEntry {
  uint64_t inode;
  int64_t offset;
  uint16_t size;
  uint8_t type;
  char name[1];
};

IN_CHILD int number_in(const char* name) {
  int number = 0;
  for (; *name >= '0' && *name <= '9'; ++name) number = number * 10 + (*name - '0');
  return *name == '\0' ? number : -1;  // "." and ".." are no numbers
}

// One pass over an open /proc/self/fd; returns how many descriptors it closed, or a negative errno.
IN_CHILD long close_listed(int directory, int keep) {
  alignas(DirectoryEntry) char entries[2048];
  long closed = 0;
  for (;;) {
    const long size = raw_syscall(SYS_getdents64, directory, as_argument(entries), sizeof entries);
    if (size <= 0) return size < 0 ? size : closed;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(entries + at);
      at += entry->size;  // NOLINT(clang-analyzer-core.uninitialized.Assign): the kernel has written it
      const int fd = number_in(entry->name);
      if (fd <= STDERR_FILENO || fd == directory || fd == keep) continue;
      if (raw_syscall(SYS_close, fd) == 0) ++closed;
    }
  }
}

// Linux before 5.9, or a sandbox: no close_range(2). /proc lists them, also those above a lowered RLIMIT_NOFILE.
IN_CHILD void close_one_by_one(int keep) {
  const long directory = raw_syscall(SYS_openat, AT_FDCWD, as_argument("/proc/self/fd"), O_RDONLY | O_DIRECTORY);
  if (directory < 0) {
    rlimit limit = {};
    raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, as_argument(&limit));
    for (unsigned long fd = STDERR_FILENO + 1; fd < limit.rlim_cur; ++fd) {
      if (static_cast<int>(fd) != keep) raw_syscall(SYS_close, static_cast<long>(fd));
    }
    return;
  }
  // Closing while listing may make the kernel skip some: until a pass finds none.
  while (close_listed(static_cast<int>(directory), keep) > 0) {
    raw_syscall(SYS_lseek, directory, 0, 0);
  }
  raw_syscall(SYS_close, directory);
}

IN_CHILD long close_range(unsigned first, unsigned last, unsigned flags = 0) {
  return first > last ? 0 : raw_syscall(SYS_close_range, first, last, flags);
}

IN_CHILD void close_above_stdio(int keep) {
  const unsigned first = STDERR_FILENO + 1;
  const auto kept = static_cast<unsigned>(keep);
  const long result = keep < 0 ? close_range(first, kLastDescriptor)
                               : close_range(first, kept - 1) | close_range(kept + 1, kLastDescriptor);
  if (result < 0) close_one_by_one(keep);
}

IN_CHILD int wire_stdio(const int* stdio) {
  for (int target = 0; target <= STDERR_FILENO; ++target) {
    long result;
    do {
      result = raw_syscall(SYS_dup3, stdio[target], target, 0);
    } while (result == -EINTR || result == -EBUSY);
    if (result < 0) return static_cast<int>(-result);
  }
  return 0;
}

// execvp(3)'s rules: go on where a directory has no such file, remember that one was not allowed.
IN_CHILD int execute(const ChildStart& start) {
  int error = ENOENT;
  for (const char* const* path = start.paths; *path != nullptr; ++path) {
    const long result = raw_syscall(SYS_execve, as_argument(*path), as_argument(start.argv), as_argument(start.envp));
    switch (-result) {
      case EACCES:
        error = EACCES;
        break;
      case ENOENT:
      case ENOTDIR:
      case ENAMETOOLONG:
      case ELOOP:
      case ESTALE:
      case ENODEV:
      case ETIMEDOUT:
        if (error != EACCES) error = static_cast<int>(-result);
        break;
      default:
        return static_cast<int>(-result);
    }
  }
  return error;
}

IN_CHILD int become_program(ChildStart& start) {
  reset_signal_handlers();
  if (start.shares_descriptors) {
    const long result = close_range(start.cut, kLastDescriptor, kCloseRangeUnshare);
    start.unshare_failed = result < 0;
    if (start.unshare_failed) return static_cast<int>(-result);
  }
  if (const int error = wire_stdio(start.stdio); error != 0) return error;
  close_above_stdio(start.error_pipe);
  open_signal_mask();
  return execute(start);
}

}  // namespace

IN_CHILD int run_child(void* child_start) {
  auto& start = *static_cast<ChildStart*>(child_start);
  start.error = become_program(start);
  if (start.error_pipe >= 0) {
    raw_syscall(SYS_write, start.error_pipe, as_argument(&start.error), sizeof start.error);
  }
  // exit_group, not exit(3): no handler of the parent's may run here.
  for (;;) raw_syscall(SYS_exit_group, 127);
}

}  // namespace pipe_core
