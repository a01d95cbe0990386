// A child as the kernel sees it, from clone to reap: who it is, whether it lives, how to signal it.
#ifndef CHILD_H_
#define CHILD_H_

#include <sys/resource.h>
#include <sys/types.h>
#include <uv/tree.h>

#include "pipe.h"
#include "unique_fd.h"

namespace pipe_core {

class PidfdReaper;
class Process;

// How the reaper on pidfds watches a child.
struct Watched {
  static constexpr int kNone = -1;
  PidfdReaper* by = nullptr;
  int entry = kNone;  // in the loop's EventSet
};

struct ExitStatus {
  enum class Kind { kExit, kSignal, kLost };  // lost: somebody else reaped it, and the kernel does not tell
  Kind kind;
  int status;
  bool usage_known = false;
  rusage usage = {};  // the child's own, and that of the children it waited for
};

class Child {
 public:
  // `flags` of pipe_spawn_flag.
  Child(pid_t pid, UniqueFd pidfd, unsigned flags = 0)
      : pid_(pid),
        pidfd_(std::move(pidfd)),
        leads_group_((flags & PIPE_SPAWN_GROUP) != 0),
        detached_((flags & PIPE_SPAWN_DETACHED) != 0) {}

  pid_t pid() const { return pid_; }
  // -1 where the kernel, or the chosen reaper, has no pidfds.
  int pidfd() const { return pidfd_.get(); }

  // It outlives its handle and its host.
  bool detached() const { return detached_; }
  // The host has closed it: it dies, and its loop waits for that.
  void attach() { detached_ = false; }

  // Reaps the child if it has exited; never blocks. After true the pid is nobody's.
  bool try_reap(ExitStatus* status);
  // The same for one that somebody else has reaped: what the kernel still tells, or that it is lost.
  bool find_lost_status(ExitStatus* status) const;
  // To its whole group, if it leads one. Returns 0 or a negative errno. Ask try_reap() first: signalling a zombie
  // succeeds.
  int send_signal(int signum) const;
  // In a forked child of the host: forget the parent's descriptor, signal nobody.
  void abandon() { pidfd_.reset(); }

  RB_ENTRY(Child) tree_link = {};
  Watched watched;
  Process* owner = nullptr;  // nullptr: an orphan, whose handle is gone; the loop reaps it

 private:
  pid_t pid_;
  UniqueFd pidfd_;
  bool leads_group_;
  bool detached_;
};

}  // namespace pipe_core

#endif
