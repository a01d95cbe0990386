#include "spawn_child.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

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

IN_CHILD long open_signal_mask() {
  const uint64_t none = 0;
  return raw_syscall(SYS_rt_sigprocmask, SIG_SETMASK, as_argument(&none), 0, sizeof none);
}

// A number that the child has, or will have, on purpose.
IN_CHILD bool is_kept(const ChildStart& start, int fd) {
  if (fd == start.error_pipe) return true;
  for (size_t i = 0; i < start.wire_count; ++i) {
    if (start.wires[i].number == fd) return true;
  }
  return false;
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
IN_CHILD long close_listed(const ChildStart& start, int directory) {
  alignas(DirectoryEntry) char entries[2048];
  long closed = 0;
  for (;;) {
    const long size = raw_syscall(SYS_getdents64, directory, as_argument(entries), sizeof entries);
    if (size <= 0) return size < 0 ? size : closed;
    for (long at = 0; at < size;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(entries + at);
      at += entry->size;  // NOLINT(clang-analyzer-core.uninitialized.Assign): the kernel has written it
      const int fd = number_in(entry->name);
      if (fd < 0 || fd == directory || is_kept(start, fd)) continue;
      if (raw_syscall(SYS_close, fd) == 0) ++closed;
    }
  }
}

IN_CHILD long open_list() {
  return raw_syscall(SYS_openat, AT_FDCWD, as_argument("/proc/self/fd"), O_RDONLY | O_DIRECTORY);
}

IN_CHILD void close_below_limit(const ChildStart& start) {
  rlimit limit = {};
  raw_syscall(SYS_prlimit64, 0, RLIMIT_NOFILE, 0, as_argument(&limit));
  for (unsigned long fd = 0; fd < limit.rlim_cur; ++fd) {
    if (!is_kept(start, static_cast<int>(fd))) raw_syscall(SYS_close, static_cast<long>(fd));
  }
}

// Linux before 5.9, or a sandbox: no close_range(2). /proc lists them, also those above a lowered RLIMIT_NOFILE.
IN_CHILD void close_one_by_one(const ChildStart& start) {
  long directory = open_list();
  if (directory < 0) {
    close_below_limit(start);
    directory = open_list();  // it may have been a full table that was in the way
    if (directory < 0) return;
  }
  // Closing while listing may make the kernel skip some: until a pass finds none.
  while (close_listed(start, static_cast<int>(directory)) > 0) {
    raw_syscall(SYS_lseek, directory, 0, 0);
  }
  raw_syscall(SYS_close, directory);
}

IN_CHILD long close_range(unsigned first, unsigned last, unsigned flags = 0) {
  return first > last ? 0 : raw_syscall(SYS_close_range, first, last, flags);
}

// What lies between one kept number and the next, from the lowest up.
IN_CHILD void close_others(const ChildStart& start) {
  auto error_pipe = static_cast<unsigned>(start.error_pipe);  // -1, the highest of all, for none
  unsigned first = 0;
  size_t next = 0;
  long result = 0;
  while (next < start.wire_count) {
    auto kept = static_cast<unsigned>(start.wires[next].number);
    if (error_pipe < kept) {
      kept = error_pipe;
      error_pipe = kLastDescriptor;
    } else {
      ++next;
    }
    if (kept > first) result |= close_range(first, kept - 1);
    first = kept + 1;
  }
  if (error_pipe != kLastDescriptor) {
    if (error_pipe > first) result |= close_range(first, error_pipe - 1);
    first = error_pipe + 1;
  }
  result |= close_range(first, kLastDescriptor);
  if (result < 0) close_one_by_one(start);
}

// To a free number that no wire leads to; it is closed by close_others(), or by its CLOEXEC.
IN_CHILD long move_away(const ChildStart& start, int fd) {
  for (long lowest = STDERR_FILENO + 1;;) {
    const long moved = raw_syscall(SYS_fcntl, fd, F_DUPFD_CLOEXEC, lowest);
    if (moved < 0 || !is_kept(start, static_cast<int>(moved))) return moved;
    lowest = moved + 1;  // what lies there now is overwritten by its wire
  }
}

IN_CHILD long copy_to(int source, int number) {
  long result;
  do {
    result = raw_syscall(SYS_dup3, source, number, 0);
  } while (result == -EINTR || result == -EBUSY);
  return result;
}

// Any permutation: a source that is also somebody's number, its own included, is moved out of the way first.
// (dup3(2) refuses equal numbers.)
IN_CHILD int wire_descriptors(ChildStart& start) {
  if (start.error_pipe >= 0) {
    for (size_t i = 0; i < start.wire_count; ++i) {
      if (start.wires[i].number != start.error_pipe) continue;
      const long moved = move_away(start, start.error_pipe);
      if (moved < 0) return static_cast<int>(-moved);
      start.error_pipe = static_cast<int>(moved);
      break;
    }
  }
  for (size_t i = 0; i < start.wire_count; ++i) {
    const int source = start.wires[i].source;
    if (source > start.wires[start.wire_count - 1].number || !is_kept(start, source)) continue;
    const long moved = move_away(start, source);
    start.failure.at.index = static_cast<int>(i);
    if (moved < 0) return static_cast<int>(-moved);
    for (size_t j = i; j < start.wire_count; ++j) {
      if (start.wires[j].source == source) start.wires[j].source = static_cast<int>(moved);
    }
  }
  for (size_t i = 0; i < start.wire_count; ++i) {
    start.failure.at.index = static_cast<int>(i);
    const long result = copy_to(start.wires[i].source, start.wires[i].number);
    if (result < 0) return static_cast<int>(-result);
  }
  return 0;
}

IN_CHILD long set_limits(ChildStart& start) {
  const pipe_spawn_options& options = *start.options;
  for (size_t i = 0; i < options.limit_count; ++i) {
    const pipe_limit& limit = options.limits[i];
    const uint64_t pair[] = {limit.soft, limit.hard};  // the kernel's rlimit64
    start.failure.at.index = static_cast<int>(i);
    const long result = raw_syscall(SYS_prlimit64, 0, limit.resource, as_argument(pair));
    if (result < 0) return result;
  }
  return 0;
}

// The parent may have ended before the kernel knew that we want to be told.
IN_CHILD long ask_for_death_signal(const ChildStart& start) {
  const int signum = start.options->death_signal;
  const long result = raw_syscall(SYS_prctl, PR_SET_PDEATHSIG, signum);
  const long parent = raw_syscall(SYS_getppid);
  // 0: the child is in a pid namespace that the host is not in (it has called unshare(2)), and cannot tell.
  if (result < 0 || parent == start.parent || parent == 0) return result;
  raw_syscall(SYS_kill, raw_syscall(SYS_getpid), signum);
  return -ESRCH;
}

IN_CHILD bool asks(const ChildStart& start, unsigned flags) { return (start.options->flags & flags) != 0; }

// One step: what it is about, for the parent to name, and what came of it.
#define DO(what, call)                                  \
  do {                                                  \
    start.failure.at.step = (what);                     \
    start.failure.at.index = 0;                         \
    const long outcome = (call);                        \
    if (outcome < 0) return static_cast<int>(-outcome); \
  } while (false)

IN_CHILD int take_its_place(ChildStart& start) {
  if (asks(start, PIPE_SPAWN_DETACHED | PIPE_SPAWN_PTY)) {
    DO(PIPE_STEP_SESSION, raw_syscall(SYS_setsid));
  } else if (asks(start, PIPE_SPAWN_GROUP)) {
    DO(PIPE_STEP_SESSION, raw_syscall(SYS_setpgid, 0, 0));
  }
  DO(PIPE_STEP_DESCRIPTOR, -wire_descriptors(start));
  close_others(start);
  if (asks(start, PIPE_SPAWN_PTY)) DO(PIPE_STEP_PTY, raw_syscall(SYS_ioctl, STDIN_FILENO, TIOCSCTTY, 0));
  return 0;
}

IN_CHILD int set_resources(ChildStart& start) {
  const pipe_spawn_options& options = *start.options;
  DO(PIPE_STEP_LIMIT, set_limits(start));
  if (asks(start, PIPE_SPAWN_NICE)) DO(PIPE_STEP_NICE, raw_syscall(SYS_setpriority, PRIO_PROCESS, 0, options.nice));
  if (asks(start, PIPE_SPAWN_AFFINITY)) {
    DO(PIPE_STEP_AFFINITY,
       raw_syscall(SYS_sched_setaffinity, 0, static_cast<long>(options.affinity_size), as_argument(options.affinity)));
  }
  if (asks(start, PIPE_SPAWN_UMASK)) raw_syscall(SYS_umask, options.umask);
  return 0;
}

// In this order: without root's uid there is no right to change the others.
IN_CHILD int set_credentials(ChildStart& start) {
  const pipe_spawn_options& options = *start.options;
  const unsigned gid = options.gid;
  const unsigned uid = options.uid;
  if (asks(start, PIPE_SPAWN_GROUPS)) {
    DO(PIPE_STEP_GROUPS,
       raw_syscall(SYS_setgroups, static_cast<long>(options.group_count), as_argument(options.groups)));
  }
  if (asks(start, PIPE_SPAWN_GID)) DO(PIPE_STEP_GID, raw_syscall(SYS_setresgid, gid, gid, gid));
  if (asks(start, PIPE_SPAWN_UID)) DO(PIPE_STEP_UID, raw_syscall(SYS_setresuid, uid, uid, uid));
  return 0;
}

IN_CHILD int set_surroundings(ChildStart& start) {
  if (start.options->cwd != nullptr) DO(PIPE_STEP_DIRECTORY, raw_syscall(SYS_chdir, as_argument(start.options->cwd)));
  if (asks(start, PIPE_SPAWN_SUBREAPER)) DO(PIPE_STEP_SUBREAPER, raw_syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1));
  // After the ids: the kernel forgets it when they change.
  if (asks(start, PIPE_SPAWN_DEATH_SIGNAL)) DO(PIPE_STEP_DEATH_SIGNAL, ask_for_death_signal(start));
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
  start.failure.at = {PIPE_STEP_START, 0};
  if (start.shares_descriptors) {
    const long result = close_range(start.cut, kLastDescriptor, kCloseRangeUnshare);
    start.unshare_failed = result < 0;
    if (start.unshare_failed) return static_cast<int>(-result);
  }
  // First what may need the rights that the credentials take away, then the credentials, then what is to be done with
  // theirs.
  for (const auto step : {take_its_place, set_resources, set_credentials, set_surroundings}) {
    if (const int error = step(start); error != 0) return error;
  }
  DO(PIPE_STEP_PROGRAM, open_signal_mask());
  return execute(start);
}

}  // namespace

IN_CHILD int run_child(void* child_start) {
  auto& start = *static_cast<ChildStart*>(child_start);
  start.failure.error = become_program(start);
  // More than once if it must be: the host takes silence for success.
  for (int tries = 3; start.error_pipe >= 0 && tries > 0; --tries) {
    if (raw_syscall(SYS_write, start.error_pipe, as_argument(&start.failure), sizeof start.failure) > 0) break;
  }
  // exit_group, not exit(3): no handler of the parent's may run here.
  for (;;) raw_syscall(SYS_exit_group, 127);
}

}  // namespace pipe_core
