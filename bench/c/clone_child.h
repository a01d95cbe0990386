// Starting and ending a child by bare system calls, exactly those of the library: this is the limit.
#ifndef BENCH_CLONE_CHILD_H_
#define BENCH_CLONE_CHILD_H_

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

extern char** environ;

enum {
  kStackSize = 64 << 10,
  kKernelSignals = 64,
  kLowestCut = 64,
  kPidfd = 3,  // P_PIDFD, which <sys/wait.h> has since glibc 2.36 only
};

// What is kept from one spawn to the next.
struct cloner {
  char* stack;
  int epoll;
  int placeholder;
  int slots[3];  // low numbers, reserved for the child's ends: the child copies the table only up to the cut
  unsigned cut;
};

struct clone_child {
  pid_t pid;
  int pidfd;
  int ends[3];  // the parent's; -1 where there is no pipe
};

// What the child reads in the shared memory.
struct clone_start {
  char* const* argv;  // argv[0] is the path
  int sources[3];
  unsigned cut;
  int error;
};

static inline int lowest_copy(int fd) {
  const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
  if (copy < 0) die("F_DUPFD_CLOEXEC");
  return copy;
}

static inline void open_cloner(struct cloner* cloner) {
  cloner->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (cloner->epoll < 0) die("epoll_create1");
  cloner->placeholder = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (cloner->placeholder < 0) die("/dev/null");
  cloner->cut = kLowestCut;
  for (int i = 0; i < 3; ++i) {
    cloner->slots[i] = lowest_copy(cloner->placeholder);
    if ((unsigned)cloner->slots[i] >= cloner->cut) cloner->cut = (unsigned)cloner->slots[i] + 1;
  }
  cloner->stack = mmap(NULL, kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (cloner->stack == MAP_FAILED) die("mmap");
}

// libc's sigaction(2) and sigprocmask(2) keep two signals for themselves.
struct kernel_sigaction {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};

static inline int run_clone_child(void* argument) {
  struct clone_start* start = argument;
  const struct kernel_sigaction by_default = {0};
  const uint64_t no_signals = 0;
  for (int signum = 1; signum <= kKernelSignals; ++signum) {
    syscall(SYS_rt_sigaction, signum, &by_default, NULL, sizeof by_default.mask);
  }
  bool ok = syscall(SYS_close_range, start->cut, ~0U, CLOSE_RANGE_UNSHARE) == 0;
  for (int number = 0; number < 3; ++number) ok = ok && syscall(SYS_dup3, start->sources[number], number, 0) == number;
  ok = ok && syscall(SYS_close_range, 3, ~0U, 0) == 0;
  ok = ok && syscall(SYS_rt_sigprocmask, SIG_SETMASK, &no_signals, NULL, sizeof no_signals) == 0;
  if (ok) execve(start->argv[0], start->argv, environ);
  start->error = errno;
  _exit(127);
}

// A pipe whose parent's end does not block. Returns the child's end.
static inline int open_pipe_end(int number, int* parent_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) die("pipe2");
  *parent_end = ends[number == 0];
  if (fcntl(*parent_end, F_SETFL, O_NONBLOCK) != 0) die("F_SETFL");
  return ends[number != 0];
}

static inline int open_null_end(void) {
  const int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (fd < 0) die("/dev/null");
  return fd;
}

// Moves a child's end below the cut.
static inline int lower_end(struct cloner* cloner, int number, int end) {
  if ((unsigned)end < cloner->cut) return end;
  if (dup3(end, cloner->slots[number], O_CLOEXEC) < 0) die("dup3");
  close(end);
  return cloner->slots[number];
}

static inline void close_child_end(struct cloner* cloner, int number, int end) {
  if (end != cloner->slots[number]) {
    close(end);
  } else if (dup3(cloner->placeholder, end, O_CLOEXEC) < 0) {
    die("dup3");
  }
}

// Starts a command with a pipe, or with /dev/null, for each of the three.
static inline void start_clone_command(struct cloner* cloner, char* const* argv, const bool pipes[3],
                                       struct clone_child* child) {
  struct clone_start start = {.argv = argv, .cut = cloner->cut};
  for (int number = 0; number < 3; ++number) {
    child->ends[number] = -1;
    const int end = pipes[number] ? open_pipe_end(number, &child->ends[number]) : open_null_end();
    start.sources[number] = lower_end(cloner, number, end);
  }
  const uint64_t all_signals = ~UINT64_C(0);
  uint64_t before;
  child->pidfd = -1;
  syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all_signals, &before, sizeof before);
  child->pid = clone(run_clone_child, cloner->stack + kStackSize,
                     CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_PIDFD | SIGCHLD, &start, &child->pidfd);
  syscall(SYS_rt_sigprocmask, SIG_SETMASK, &before, NULL, sizeof before);
  if (child->pid < 0) die("clone");
  if (start.error != 0) {
    errno = start.error;
    die(argv[0]);
  }
  for (int number = 0; number < 3; ++number) close_child_end(cloner, number, start.sources[number]);
}

// Starts `path` with three pipes, or with /dev/null for all three.
static inline void start_clone_child(struct cloner* cloner, const char* path, bool pipes, struct clone_child* child) {
  char* const argv[] = {(char*)path, NULL};
  start_clone_command(cloner, argv, (const bool[]){pipes, pipes, pipes}, child);
}

static inline void watch_clone_child(struct cloner* cloner, const struct clone_child* child) {
  struct epoll_event event = {.events = EPOLLIN, .data = {.fd = child->pidfd}};
  if (epoll_ctl(cloner->epoll, EPOLL_CTL_ADD, child->pidfd, &event) != 0) die("epoll_ctl");
}

// For a watched child; nobody else may exit. The status must be 0.
static inline void wait_for_clone_child(struct cloner* cloner, const struct clone_child* child) {
  struct epoll_event event;
  if (epoll_wait(cloner->epoll, &event, 1, -1) != 1) die("epoll_wait");
  siginfo_t info = {0};
  if (waitid((idtype_t)kPidfd, (id_t)child->pidfd, &info, WEXITED) != 0) die("waitid");
  if (info.si_pid != child->pid || info.si_code != CLD_EXITED || info.si_status != 0) {
    fprintf(stderr, "the child did not exit with 0\n");
    exit(1);
  }
}

static inline void close_clone_child(const struct clone_child* child) {
  for (int number = 0; number < 3; ++number) {
    if (child->ends[number] >= 0) close(child->ends[number]);
  }
  close(child->pidfd);
}

#endif
