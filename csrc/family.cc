#include "family.h"

#include <algorithm>
#include <cerrno>
#include <climits>
#include <csignal>
#include <ctime>
#include <new>
#include <utility>

#include "fork_guard.h"
#include "pipe.h"
#include "raw_syscall.h"

namespace pipe_core {
namespace {

constexpr int kLastSignal = 64;
// What bounds a stop whatever the family does. Who runs stops as soon as it gets a processor, which may take long on a
// busy machine; who is blocked in the kernel may hang there; and somebody may fork faster than one may walk.
constexpr int kMostNapsForRunning = 10000;
constexpr int kMostNapsForBlocked = 2000;
constexpr int kMostWalks = 64;
constexpr int kLooksAtBlocked = 50;

void nap() {
  const timespec duration = {0, 100000};
  ::nanosleep(&duration, nullptr);
}

// SIGCONT takes these back while they are pending.
bool stops_at_the_terminal(int signum) { return signum == SIGTSTP || signum == SIGTTIN || signum == SIGTTOU; }

// Owns nothing where there is none (an old kernel, a sandbox): the start time must do then.
UniqueFd kept(UniqueFd pidfd) {
  static_cast<void>(pidfd.move_above_stdio());
  // Leave two for reading /proc: a folder, and a file in it.
  const UniqueFd folder(::fcntl(pidfd.get(), F_DUPFD_CLOEXEC, 0));
  const UniqueFd file(::fcntl(pidfd.get(), F_DUPFD_CLOEXEC, 0));
  return folder && file ? std::move(pidfd) : UniqueFd();
}

// Of a process that may well be there: what has no entry in /proc can be signalled all the same.
bool is_hidden(pid_t pid) {
  ProcessStat process = {};
  return read_process(pid, &process) == -ESRCH && (::kill(pid, 0) == 0 || errno == EPERM);
}

}  // namespace

Family::Family(bool with_pidfds) : born_(ForkGuard::generation()), with_pidfds_(with_pidfds) {}

int Family::open(const Child& root, bool with_pidfds, std::unique_ptr<Family>* family) {
  std::unique_ptr<Family> opened(new Family(with_pidfds));
  if (const int status = opened->adopt_root(root); status < 0) return status;
  size_t found = 0;
  if (const int status = opened->walk(&found); status < 0) return status;
  // Nobody may take a child that is hidden for one that has exited.
  if (opened->members_.empty() && is_hidden(root.pid())) return -EACCES;
  *family = std::move(opened);
  return PIPE_OK;
}

int Family::adopt_root(const Child& root) {
  // Its own pidfd is the only one that cannot be another's, whoever else may reap children here.
  const bool copied = with_pidfds_ && root.pidfd() >= 0;
  return adopt(root.pid(), copied ? kept(UniqueFd(::fcntl(root.pidfd(), F_DUPFD_CLOEXEC, 0))) : open_pidfd(root.pid()),
               nullptr);
}

UniqueFd Family::open_pidfd(pid_t pid) const {
  return with_pidfds_ ? kept(UniqueFd(static_cast<int>(raw_syscall(SYS_pidfd_open, pid, 0)))) : UniqueFd();
}

bool Family::knows(const ProcessStat& process) const {
  return std::any_of(members_.begin(), members_.end(), [&](const auto& member) { return member.is(process); });
}

// Returns how many were adopted, 0 or 1, or a negative errno. The host cannot be among them, since it does not descend
// from its child, nor can pid 1, which has no parent.
int Family::adopt(pid_t pid, UniqueFd pidfd, const FamilyMember* parent) {
  ProcessStat process = {};
  if (const int status = read_process(pid, &process); status != 0) return status == -ESRCH ? 0 : status;
  if (process.exited() || process.parent != (parent != nullptr ? parent->pid() : ::getpid())) return 0;
  FamilyMember member(process, std::move(pidfd), parent != nullptr ? parent->depth() + 1 : 0);
  // Only now is it known that we have read of the process that we hold, and that its parent is the one that we know:
  // a pid names the same process until it is reaped.
  int unreaped = member.unreaped();
  if (unreaped > 0 && parent != nullptr) unreaped = parent->unreaped();
  if (unreaped <= 0) return unreaped;
  members_.push_back(std::move(member));
  return 1;
}

// One look at /proc. Who is known stays held, whatever fails. Returns 0 or a negative errno.
int Family::walk(size_t* found) {
  *found = 0;
  members_.erase(std::remove_if(members_.begin(), members_.end(), [](const auto& member) { return member.exited(); }),
                 members_.end());
  try {
    return adopt_children(found);
  } catch (const std::bad_alloc&) {
    return -ENOMEM;
  }
}

int Family::adopt_children(size_t* found) {
  std::vector<ProcessStat> processes;
  int failure = read_processes(&processes);
  // The members grow meanwhile: grandchildren are found in the same look.
  // NOLINTNEXTLINE(modernize-loop-convert)
  for (size_t i = 0; i < members_.size(); ++i) {
    for (const ProcessStat& process : processes) {
      if (process.parent != members_[i].pid() || process.exited() || knows(process)) continue;
      const int adopted = adopt(process.pid, open_pidfd(process.pid), &members_[i]);
      if (adopted > 0) ++*found;
      if (adopted < 0 && adopted != -EACCES) failure = adopted;
    }
  }
  return failure;
}

int Family::signal(int signum) {
  if (signum < 0 || signum > kLastSignal) return PIPE_INVALID_SIGNAL;
  if (ForkGuard::inherited(born_)) return PIPE_EXITED;
  size_t found = 0;
  int failure = 0;
  if (signum == SIGCONT) failure = walk(&found);
  if (signum != SIGCONT && signum != 0) failure = bring_to_a_stand();
  // Whatever failed: who is known is signalled, and nobody is left stopped.
  const int status = deliver(signum);
  return failure < 0 && status != PIPE_EXITED ? failure : status;
}

// Stops everybody, and looks for new ones only when all stand: a thread that was inside fork(2) when SIGSTOP came
// finishes it before it stops (since Linux 4.19), so it is after the last thread's stop that all children are in /proc.
int Family::bring_to_a_stand() {
  for (FamilyMember& member : members_) member.asked_to_stop = false;
  int naps = 0;
  int blocked_naps = 0;
  bool failed = false;
  for (int walks = 0; walks < kMostWalks; ++walks) {
    for (;;) {
      const Motion liveliest = ask_to_stop(naps < kMostNapsForRunning);
      if (liveliest == Motion::kStands) break;
      // Counted apart: after a long wait for a processor one that is blocked for a moment, in fork(2) maybe, must not
      // look as if it hung.
      if (liveliest == Motion::kBlocked ? ++blocked_naps > kMostNapsForBlocked : ++naps > kMostNapsForRunning) break;
      nap();
    }
    size_t found = 0;
    const int status = walk(&found);
    // Walk again after a failure: who is missed now is out of reach when its parents have gone.
    if (status < 0 && std::exchange(failed, true)) return status;
    if (status == 0 && found == 0) return 0;
  }
  return 0;
}

// Asks those to stop who have not been asked, and tells how the liveliest of all moves. With `parents_first` one is
// asked only when the generations above it do not run: a parent in waitpid(WUNTRACED) would be told of a child that has
// stopped.
Motion Family::ask_to_stop(bool parents_first) {
  Motion liveliest = Motion::kStands;
  int running_depth = INT_MAX;
  for (FamilyMember& member : members_) {
    if (!member.asked_to_stop) {
      if (parents_first && member.depth() > running_depth) continue;
      member.asked_to_stop = true;
      member.may_be_stopped = member.send(SIGSTOP) == 0;
    }
    if (!member.may_be_stopped) continue;
    const Motion motion = motion_of(member.pid());
    if (motion == Motion::kRuns) running_depth = std::min(running_depth, member.depth());
    member.blocked_looks = motion == Motion::kBlocked ? member.blocked_looks + 1 : 0;
    // Not at the first look: fork(2) too may sleep like this for a moment, and its child is not in /proc yet.
    const bool in_vfork = member.blocked_looks > kLooksAtBlocked && waits_for_a_child(member);
    if (!in_vfork) liveliest = std::max(liveliest, motion);
  }
  return liveliest;
}

// After vfork(2) the parent cannot stop before its child goes on. Any other uninterruptible sleep ends by itself.
bool Family::waits_for_a_child(const FamilyMember& blocked) const {
  return std::any_of(members_.begin(), members_.end(), [&](const FamilyMember& child) {
    return child.parent() == blocked.pid() && child.asked_to_stop && motion_of(child.pid()) != Motion::kRuns;
  });
}

int Family::deliver(int signum) {
  bool living = false;
  int failure = 0;
  const auto send = [&](const FamilyMember& member) {
    const int status = member.exited() ? -ESRCH : member.send(signum);
    if (status == -ESRCH) return;
    living = true;
    if (failure == 0) failure = status;
  };
  // Children go on before their parents, for the sake of the same waitpid(WUNTRACED).
  if (stops_at_the_terminal(signum) || signum == SIGCONT) {
    std::for_each(members_.rbegin(), members_.rend(), [&](const FamilyMember& member) {
      if (signum != SIGCONT) member.go_on();
      send(member);
    });
  } else {
    std::for_each(members_.begin(), members_.end(), send);
    const bool go_on = signum != 0 && signum != SIGKILL && signum != SIGSTOP;
    if (go_on) std::for_each(members_.rbegin(), members_.rend(), [](const auto& member) { member.go_on(); });
  }
  return living ? failure : PIPE_EXITED;
}

size_t Family::living() const {
  if (ForkGuard::inherited(born_)) return 0;
  return static_cast<size_t>(
      std::count_if(members_.begin(), members_.end(), [](const auto& member) { return !member.exited(); }));
}

}  // namespace pipe_core
