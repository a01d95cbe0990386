// One process that is no child of ours, held so that no signal ever reaches a stranger who has got its pid: by a pidfd,
// or where there is none by the time at which it started.
#ifndef FAMILY_MEMBER_H_
#define FAMILY_MEMBER_H_

#include "process_stat.h"
#include "unique_fd.h"

namespace pipe_core {

class FamilyMember {
 public:
  FamilyMember(const ProcessStat& process, UniqueFd pidfd, int depth)
      : process_(process), pidfd_(std::move(pidfd)), depth_(depth) {}

  pid_t pid() const { return process_.pid; }
  pid_t parent() const { return process_.parent; }
  // How many generations there were between it and the child when it was found.
  int depth() const { return depth_; }
  bool is(const ProcessStat& process) const {
    return process.pid == process_.pid && process.start_time == process_.start_time;
  }

  // Returns 0 or a negative errno: -ESRCH once it is reaped. A zombie can be signalled.
  int send(int signum) const;
  // It must not stay stopped, also where /proc cannot be read just now; and to a stranger this does the least.
  void go_on() const;
  // 1 until it is reaped: so long its pid is its own. Then 0. A negative errno where that cannot be told.
  int unreaped() const;
  bool exited() const;

  bool asked_to_stop = false;
  int blocked_looks = 0;       // how often in a row it was found in an uninterruptible sleep
  bool may_be_stopped = true;  // as far as our rights go

 private:
  int send_by_pid(int signum) const;

  ProcessStat process_;
  UniqueFd pidfd_;
  int depth_;
};

}  // namespace pipe_core

#endif
