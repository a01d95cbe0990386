#include "signals.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "pipe.h"

namespace pipe_core {

bool Signals::can_watch(int signum) {
  switch (signum) {
    case SIGSEGV:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGKILL:
    case SIGSTOP:
      return false;
    default:
      // Those between are libc's.
      return (signum > 0 && signum <= SIGSYS) || (signum >= SIGRTMIN && signum <= SIGRTMAX);
  }
}

int Signals::watch(int signum) {
  if (!can_watch(signum)) return -EINVAL;
  if (pipe_.watches(signum)) return 0;
  const auto arrival = [](void* signals, int which, uint32_t count) {
    static_cast<Signals*>(signals)->arrived(which, count);
  };
  const int status = pipe_.watch(signum, arrival, this);
  if (status == 0) ++watched_;
  if (watched_ == 0) pipe_.close();
  return status;
}

void Signals::unwatch(int signum) {
  if (!can_watch(signum) || !pipe_.watches(signum)) return;
  pipe_.unwatch(signum);
  untold_[signum] = 0;
  if (--watched_ == 0) pipe_.close();
}

void Signals::arrived(int signum, uint32_t count) {
  untold_[signum] += count;
  arrival_.finish(PIPE_OK);
}

bool Signals::anything() const {
  return std::any_of(std::begin(untold_), std::end(untold_), [](uint32_t count) { return count > 0; });
}

int Signals::start(uint32_t token) {
  if (arrival_.waiting() || arrival_.queued) return PIPE_BUSY;
  arrival_.cancel();  // its token has come out
  const int status = arrival_.start(token, Operation::kNoTimeout);
  if (status == 0 && anything()) arrival_.finish(PIPE_OK);
  return status;
}

int Signals::next(uint32_t* count) {
  if (last_told_ == 0) pipe_.collect();
  while (++last_told_ < SelfPipe::kSignals) {
    *count = std::exchange(untold_[last_told_], 0);
    if (*count > 0) return last_told_;
  }
  *count = 0;
  return last_told_ = 0;
}

void Signals::abandon() {
  pipe_.abandon();
  watched_ = 0;
  std::fill(std::begin(untold_), std::end(untold_), 0);
}

}  // namespace pipe_core
