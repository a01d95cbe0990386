// The reaper on SIGCHLD, for kernels and sandboxes without pidfds. It asks for each of our own pids, never for -1:
// other libraries' children are theirs to wait for.
#include <csignal>

#include "reaper.h"

namespace pipe_core {

int SigchldReaper::watch(Child& child) {
  if (const int status = asker_.add(child); status < 0) return status;
  // Where the signal cannot be caught (the host ignores SIGCHLD, no descriptors are left), the asking goes on alone.
  static_cast<void>(self_pipe_.watch(
      SIGCHLD, [](void* asker, int, uint32_t) { static_cast<Asker*>(asker)->ask_all(); }, &asker_));
  return 0;
}

void SigchldReaper::unwatch(Child& child) {
  asker_.remove(child);
  if (asker_.empty()) self_pipe_.unwatch(SIGCHLD);
}

void SigchldReaper::abandon() { self_pipe_.abandon(); }

}  // namespace pipe_core
