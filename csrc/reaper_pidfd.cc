// The reaper on pidfds: the cost of an exit does not depend on how many children live, and no pid can be mistaken.
#include <cerrno>
#include <climits>
#include <sys/wait.h>

#include "reaper.h"

namespace pipe_core {

// Linux 5.4 knows by the number alone that this is no pidfd; before, and in a sandbox, it is the call that is wrong.
// (Our pidfds come from clone(2), which had them two versions earlier. Not pidfd_open(2): a host without a free
// descriptor would look like a kernel without pidfds.)
bool PidfdReaper::supported() {
  constexpr auto kPidfd = static_cast<idtype_t>(3);
  siginfo_t info = {};
  return ::waitid(kPidfd, INT_MAX, &info, WEXITED | WNOHANG) < 0 && errno == EBADF;
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
