#include "child.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "raw_syscall.h"

namespace pipe_core {
namespace {

constexpr auto kPidfd = static_cast<idtype_t>(3);  // P_PIDFD, which <sys/wait.h> has since glibc 2.36 only

// ioctl_pidfd(2): what is known of a process, its exit included when it has been reaped (Linux 6.15).
struct PidfdInfo {
  uint64_t mask;
  uint64_t cgroup_id;
  uint32_t ids[11];
  int32_t exit_code;  // as wait(2)'s status
};
constexpr uint64_t kPidfdInfoExit = 1U << 3;
constexpr unsigned long kPidfdGetInfo = _IOWR(0xFF, 11, PidfdInfo);

ExitStatus from_siginfo(const siginfo_t& info) {
  const auto kind = info.si_code == CLD_EXITED ? ExitStatus::Kind::kExit : ExitStatus::Kind::kSignal;
  return {kind, info.si_status};
}

ExitStatus from_wait_status(int status) {
  if (WIFSIGNALED(status)) return {ExitStatus::Kind::kSignal, WTERMSIG(status)};
  return {ExitStatus::Kind::kExit, WEXITSTATUS(status)};
}

}  // namespace

bool Child::try_reap(ExitStatus* status) {
  siginfo_t info = {};
  rusage usage = {};
  long result;
  do {
    const int id = pidfd_ ? pidfd_.get() : pid_;
    // Never WNOWAIT first: one call asks and reaps. Never blocking.
    // libc's waitid(2) hides the kernel's fifth argument.
    result = raw_syscall(SYS_waitid, pidfd_ ? kPidfd : P_PID, id, reinterpret_cast<long>(&info), WEXITED | WNOHANG,
                         reinterpret_cast<long>(&usage));
  } while (result == -EINTR);
  if (result == 0) {
    if (info.si_pid == 0) return false;
    *status = from_siginfo(info);
    status->usage_known = true;
    status->usage = usage;
    return true;
  }
  // ECHILD: the host ignores SIGCHLD, or somebody else's wait took our child.
  return find_lost_status(status);
}

bool Child::find_lost_status(ExitStatus* status) const {
  *status = {ExitStatus::Kind::kLost, 0};
  if (!pidfd_) return true;
  PidfdInfo info = {};
  // Twice: the kernel looks for a status first and for the process second, which may go in between.
  constexpr int kLooks = 2;
  bool answered = false;
  for (int look = 0; look < kLooks && !answered; ++look) {
    info.mask = kPidfdInfoExit;
    answered = ::ioctl(pidfd_.get(), kPidfdGetInfo, &info) == 0;
  }
  if (!answered) return true;
  // It is no zombie any more, and not gone yet: where SIGCHLD is ignored the kernel takes it away by itself, and tells
  // its status only after that.
  if ((info.mask & kPidfdInfoExit) == 0) return false;
  *status = from_wait_status(info.exit_code);
  return true;
}

int Child::send_signal(int signum) const {
  // A child that has not been reaped keeps its pid, and with it the number of its group; but it may have left that for
  // another one.
  if (leads_group_) {
    if (::kill(-pid_, signum) < 0 && errno != ESRCH) return -errno;
    if (::getpgid(pid_) == pid_) return 0;
  }
  if (pidfd_) {
    const long result = raw_syscall(SYS_pidfd_send_signal, pidfd_.get(), signum);
    // Missing under valgrind 3.19, or forbidden by a sandbox. A child of ours that has not been reaped keeps its pid.
    if (result != -ENOSYS && result != -EPERM) return static_cast<int>(result);
  }
  return ::kill(pid_, signum) == 0 ? 0 : -errno;
}

}  // namespace pipe_core
