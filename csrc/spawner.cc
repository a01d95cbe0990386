#include "spawner.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "program_paths.h"
#include "raw_syscall.h"

// glibc's own name: a thread sanitizer takes clone() over and dies of it.
extern "C" int __clone(int (*)(void*), void*, int, void*, ...);  // NOLINT(bugprone-reserved-identifier)

namespace pipe_core {
namespace {

constexpr size_t kStackSize = size_t{64} << 10;
constexpr size_t kGuardSize = size_t{16} << 10;
constexpr unsigned kLowestCut = 64;  // the kernel copies descriptors by the word of its bitmap anyway

// No signal may be handled between clone and exec: the handler would run in the child, in the parent's memory. By
// the raw call, since libc's leaves two of its own signals open.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked() {
    const uint64_t all = ~uint64_t{0};
    error_ = set(SIG_BLOCK, &all, &before_);
  }
  ~AllSignalsBlocked() {
    if (error_ < 0) return;
    // Nobody could be told, and a host whose signals stay blocked hears of nothing any more.
    if (set(SIG_SETMASK, &before_, nullptr) < 0) set(SIG_SETMASK, &before_, nullptr);
  }
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
  // A negative errno where they could not be blocked: then there must be no clone.
  int error() const { return error_; }

 private:
  static int set(int how, const uint64_t* mask, uint64_t* before) {
    return static_cast<int>(raw_syscall(SYS_rt_sigprocmask, how, reinterpret_cast<long>(mask),
                                        reinterpret_cast<long>(before), sizeof *mask));
  }
  uint64_t before_ = 0;
  int error_;
};

// A child that could not become its program has ended, or is about to.
void reap_failed(pid_t pid, int pidfd) {
  const UniqueFd owned(pidfd);
  siginfo_t info;
  // ECHILD: the host ignores SIGCHLD, or its handler was faster.
  while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED) < 0 && errno == EINTR) {
  }
}

// Where that cannot be, the child is one without a pidfd: it runs already.
int keep_above_stdio(int pidfd) {
  UniqueFd fd(pidfd);
  static_cast<void>(fd.move_above_stdio());
  return fd.release();
}

}  // namespace

Spawner::~Spawner() { close(); }

int Spawner::open(int placeholder) {
  const char* wish = std::getenv("PIPE_SPAWN");
  shares_memory_ = wish == nullptr || std::strcmp(wish, "fork") != 0;
  placeholder_ = placeholder;
  cut_ = kLowestCut;
  for (UniqueFd& slot : low_slots_) {
    slot.reset(::fcntl(placeholder, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
    if (!slot) return -errno;
    cut_ = std::max(cut_, static_cast<unsigned>(slot.get()) + 1);
  }
  void* stack =
      ::mmap(nullptr, kGuardSize + kStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -errno;
  stack_ = stack;
  return ::mprotect(stack_, kGuardSize, PROT_NONE) == 0 ? 0 : -errno;
}

void Spawner::close() {
  if (stack_ != nullptr) ::munmap(stack_, kGuardSize + kStackSize);
  stack_ = nullptr;
  for (UniqueFd& slot : low_slots_) slot.reset();
}

// A child's end at a high number goes onto a reserved low one: the child copies only what is below the cut of the
// descriptor table that it shares with the host, however many descriptors the host has.
int Spawner::lower_child_ends(ChildDescriptors& descriptors) {
  for (size_t number = 0; number < kSlots; ++number) {
    UniqueFd& child_end = descriptors.child_ends[number];
    // Where a slot has been given up the end stays where it is, and the child copies more.
    if (!child_end || static_cast<unsigned>(child_end.get()) < cut_ || !low_slots_[number]) continue;
    const int slot = low_slots_[number].get();
    while (::dup3(child_end.get(), slot, O_CLOEXEC) < 0) {
      if (errno != EINTR && errno != EBUSY) return -errno;
    }
    slot_taken_[number] = true;
    for (Wire& wire : descriptors.wires) {
      if (wire.source == child_end.get()) wire.source = slot;
    }
    child_end.reset();
  }
  return 0;
}

void Spawner::free_low_slots() {
  for (size_t i = 0; i < kSlots; ++i) {
    if (!slot_taken_[i]) continue;
    // Reserved again, not closed: the number must not go to anybody else.
    int reserved;
    do {
      reserved = ::dup3(placeholder_, low_slots_[i].get(), O_CLOEXEC);
    } while (reserved < 0 && (errno == EINTR || errno == EBUSY));
    // Rather no slot than a child's end that stays open here: its reader would never see the end of file.
    if (reserved < 0) low_slots_[i].reset();
    slot_taken_[i] = false;
  }
}

int Spawner::spawn(const pipe_spawn_options& options, ChildDescriptors& descriptors, bool with_pidfd,
                   pipe_failure* failure, std::unique_ptr<Child>* child) {
  const ProgramPaths paths(options.file, std::getenv("PATH"));
  auto made = std::make_unique<Child>(-1, UniqueFd());  // before the clone: nothing may fail after it
  *failure = {PIPE_STEP_START, 0};
  Started started;
  int status = lower_child_ends(descriptors);
  if (status == 0) {
    ChildStart start = {};
    start.options = &options;
    start.paths = paths.data();
    start.argv = const_cast<char* const*>(options.argv);
    start.envp = options.envp != nullptr ? const_cast<char* const*>(options.envp) : environ;
    start.wires = descriptors.wires.data();
    start.wire_count = descriptors.wires.size();
    if ((options.flags & PIPE_SPAWN_DEATH_SIGNAL) != 0) start.parent = ::getpid();
    start.error_pipe = -1;
    start.cut = cut_;
    // The host's own descriptors stay where they are.
    for (const Wire& wire : descriptors.wires) start.cut = std::max(start.cut, static_cast<unsigned>(wire.source) + 1);
    status = this->start(start, with_pidfd, &started);
    if (start.failure.error != 0) *failure = start.failure.at;
  }
  free_low_slots();
  descriptors.close_child_ends();
  if (status < 0) return status;
  *made = Child(started.pid, UniqueFd(started.pidfd), options.flags);
  *child = std::move(made);
  return 0;
}

int Spawner::start(ChildStart& start, bool with_pidfd, Started* started) {
  // Whoever may look into a child with fewer rights would look into the host's memory.
  const bool loses_rights = (start.options->flags & (PIPE_SPAWN_UID | PIPE_SPAWN_GID | PIPE_SPAWN_GROUPS)) != 0;
  if (!shares_memory_ || loses_rights) return start_with_own_memory(start, with_pidfd, started);
  start.shares_descriptors = shares_descriptors_;
  int status = start_sharing_memory(start, with_pidfd, started);
  if (status < 0 && start.unshare_failed) {
    // Linux before 5.9, or a sandbox: no close_range(2). The child gets a copy of the table, as fork would give it.
    shares_descriptors_ = start.shares_descriptors = start.unshare_failed = false;
    status = start_sharing_memory(start, with_pidfd, started);
  }
  return status;
}

int Spawner::start_sharing_memory(ChildStart& start, bool with_pidfd, Started* started) {
  int flags = CLONE_VM | CLONE_VFORK | SIGCHLD;
  if (start.shares_descriptors) flags |= CLONE_FILES;
  if (with_pidfd) flags |= CLONE_PIDFD;
  int pidfd = -1;
  pid_t pid;
  int clone_error;
  {
    const AllSignalsBlocked blocked;
    if (blocked.error() < 0) return blocked.error();
    start.failure.error = 0;
    pid = __clone(run_child, static_cast<char*>(stack_) + kGuardSize + kStackSize, flags, &start, &pidfd, nullptr,
                  nullptr);
    clone_error = errno;
  }
  if (pid < 0) return -clone_error;
  if (start.failure.error != 0) {
    reap_failed(pid, pidfd);
    return -start.failure.error;
  }
  *started = {pid, keep_above_stdio(pidfd)};
  return 0;
}

// For a child that must not share memory, and for tools that cannot follow one that does (valgrind): the failure comes
// through a pipe that a successful exec closes.
int Spawner::start_with_own_memory(ChildStart& start, bool with_pidfd, Started* started) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -errno;
  UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  int status = read_end.move_above_stdio();
  if (status == 0) status = write_end.move_above_stdio();
  if (status < 0) return status;
  start.shares_descriptors = false;
  start.error_pipe = write_end.get();
  int pidfd = -1;
  long pid;
  {
    const AllSignalsBlocked blocked;
    if (blocked.error() < 0) return blocked.error();
    // Not fork(3): the host's pthread_atfork handlers are for copies of the host, and this one becomes a program at
    // once.
    const long flags = SIGCHLD | (with_pidfd ? CLONE_PIDFD : 0);
    pid = raw_syscall(SYS_clone, flags, 0, reinterpret_cast<long>(&pidfd), 0, 0);
    if (pid == 0) run_child(&start);
  }
  write_end.reset();
  if (pid < 0) return static_cast<int>(pid);
  ssize_t size;
  do {
    size = ::read(read_end.get(), &start.failure, sizeof start.failure);
  } while (size < 0 && errno == EINTR);
  status = size < 0 ? -errno : -start.failure.error;
  if (status < 0) {
    if (size < 0) ::kill(static_cast<pid_t>(pid), SIGKILL);  // nobody knows what has become of it
    reap_failed(static_cast<pid_t>(pid), pidfd);
    return status;
  }
  *started = {static_cast<pid_t>(pid), keep_above_stdio(pidfd)};
  return 0;
}

}  // namespace pipe_core
