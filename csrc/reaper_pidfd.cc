// The reaper on pidfds: the cost of an exit does not depend on how many children live, and no pid can be mistaken.
#include <cerrno>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "raw_syscall.h"
#include "reaper.h"

namespace pipe_core {

// Linux 5.4, and not forbidden by a sandbox. Waiting for ourselves must fail with ECHILD, not EINVAL.
int PidfdReaper::supported() {
  const auto opened = static_cast<int>(raw_syscall(SYS_pidfd_open, ::getpid(), 0));
  // A host without a free descriptor is no kernel without pidfds: it may have one the next time.
  if (opened == -EMFILE || opened == -ENFILE || opened == -ENOMEM) return opened;
  if (opened < 0) return 0;
  const UniqueFd self(opened);
  siginfo_t info = {};
  const int status = ::waitid(static_cast<idtype_t>(3), static_cast<id_t>(self.get()), &info, WEXITED | WNOHANG);
  return status < 0 && errno == ECHILD ? 1 : 0;
}

int PidfdReaper::watch(Child& child) {
  Watched& watched = child.watched;
  if (watched.by != nullptr) return 0;
  // ONESHOT: a traced child's pidfd is readable before its tracer has let go of it. And what brings one event at most
  // need not be taken out of the set before the pidfd is closed.
  const auto readable = [](void* ended, uint32_t) {
    auto* own = static_cast<Child*>(ended);
    own->watched.by->on_readable(*own);
  };
  watched.entry = child.pidfd() < 0 ? UV_EBADF : events_.add(child.pidfd(), EPOLLIN | EPOLLONESHOT, readable, &child);
  // epoll_ctl(2) may want for memory or a watch; asking from time to time needs neither.
  if (watched.entry < 0) {
    watched.entry = Watched::kNone;
    if (const int status = asker_.add(child); status < 0) return status;
  }
  watched.by = this;
  return 0;
}

void PidfdReaper::on_readable(Child& child) {
  leave_set(child);
  if (target_.reap(child)) return;
  // Where there is no memory nobody looks now. wait(), kill() and the next spawn ask by themselves.
  static_cast<void>(asker_.add(child));
}

void PidfdReaper::leave_set(Child& child) {
  if (child.watched.entry >= 0) events_.forget(child.watched.entry);
  child.watched.entry = Watched::kNone;
}

void PidfdReaper::unwatch(Child& child) {
  leave_set(child);
  child.watched.by = nullptr;
  asker_.remove(child);
}

}  // namespace pipe_core
