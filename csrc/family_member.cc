#include "family_member.h"

#include <cerrno>
#include <csignal>
#include <poll.h>

#include "raw_syscall.h"

namespace pipe_core {

int FamilyMember::send(int signum) const {
  if (!pidfd_) return send_by_pid(signum);
  const long result = raw_syscall(SYS_pidfd_send_signal, pidfd_.get(), signum);
  // Missing under valgrind 3.19, or forbidden by a sandbox.
  return result == -ENOSYS || result == -EPERM ? send_by_pid(signum) : static_cast<int>(result);
}

// Between the question and the signal the pid could become a stranger's only if the kernel went through all pids
// meanwhile.
int FamilyMember::send_by_pid(int signum) const {
  ProcessStat now = {};
  int status = read_process(pid(), &now);
  // Look twice: who is left out now may be out of reach for those who try again, its parents having gone.
  if (status != 0 && status != -ESRCH) status = read_process(pid(), &now);
  if (status != 0) return status;
  if (!is(now)) return -ESRCH;
  return ::kill(pid(), signum) == 0 ? 0 : -errno;
}

void FamilyMember::go_on() const {
  const int status = send(SIGCONT);
  if (status != 0 && status != -ESRCH && may_be_stopped) ::kill(pid(), SIGCONT);
}

int FamilyMember::unreaped() const {
  const int status = send(0);
  if (status == 0 || status == -EPERM) return 1;
  return status == -ESRCH ? 0 : status;
}

bool FamilyMember::exited() const {
  if (pidfd_) {
    pollfd readable = {pidfd_.get(), POLLIN, 0};
    return ::poll(&readable, 1, 0) > 0;
  }
  ProcessStat now = {};
  const int status = read_process(pid(), &now);
  return status == 0 ? !is(now) || now.exited() : status == -ESRCH;
}

}  // namespace pipe_core
