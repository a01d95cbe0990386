// The reaper on pidfds: the cost of an exit does not depend on how many children live, and no pid can be mistaken.
#include <cerrno>
#include <new>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "raw_syscall.h"
#include "reaper.h"

namespace pipe_core {

// Linux 5.4, and not forbidden by a sandbox. Waiting for ourselves must fail with ECHILD, not EINVAL.
bool PidfdReaper::supported() {
  UniqueFd self(static_cast<int>(raw_syscall(SYS_pidfd_open, ::getpid(), 0)));
  if (!self) return false;
  siginfo_t info = {};
  return ::waitid(static_cast<idtype_t>(3), static_cast<id_t>(self.get()), &info, WEXITED | WNOHANG) < 0 &&
         errno == ECHILD;
}

void PidfdReaper::watch(Child& child) {
  const auto [at, added] = watches_.try_emplace(child.pid(), Watch{this, &child, {}});
  if (!added) return;
  // epoll_ctl(2) may want for memory or a watch; asking from time to time needs neither.
  if (arm(at->second) >= 0) return;
  try {
    asker_.add(child);
  } catch (...) {
    watches_.erase(at);  // or the next watch() would think that somebody looks
    throw;
  }
}

int PidfdReaper::arm(Watch& watch) {
  const int pidfd = watch.child->pidfd();
  if (pidfd < 0) return UV_EBADF;
  const int status = watch.poll.open(&watch, [&](uv_poll_t* poll) { return uv_poll_init(loop_, poll, pidfd); });
  if (status < 0) return status;
  return uv_poll_start(watch.poll.get(), UV_READABLE, [](uv_poll_t* poll, int, int) {
    auto* readable = static_cast<Watch*>(poll->data);
    readable->reaper->on_readable(*readable);
  });
}

void PidfdReaper::on_readable(Watch& watch) {
  if (target_.reap(*watch.child)) return;
  // A traced child's pidfd is readable before its tracer has let go of it: stop, or the loop would spin.
  watch.poll.reset();
  try {
    asker_.add(*watch.child);
  } catch (const std::bad_alloc&) {
    // We stand inside libuv, which no exception may cross. wait(), kill() and the next spawn ask by themselves.
  }
}

void PidfdReaper::unwatch(Child& child) {
  watches_.erase(child.pid());
  asker_.remove(child);
}

void PidfdReaper::abandon() {
  watches_.clear();
  asker_.abandon();
}

}  // namespace pipe_core
