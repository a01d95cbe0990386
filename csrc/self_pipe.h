// Signals, out of the handler and into the loop: the self-pipe trick. The handler counts and writes one byte into a
// pipe that the loop watches; everything else happens later, in the loop. Not uv_signal_t: its pipe carries the signals
// themselves and can fill, and stopping it sets SIG_DFL instead of the host's handler.
#ifndef SELF_PIPE_H_
#define SELF_PIPE_H_

#include <cstdint>

#include "dispositions.h"
#include "event_set.h"
#include "unique_fd.h"

namespace pipe_core {

class SelfPipe {
 public:
  // `count`: how many times the signal has come since the last call.
  using Callback = void (*)(void* context, int signum, uint32_t count);
  static constexpr int kSignals = Dispositions::kSignals;

  // `claim`: what becomes of the host's own handlers.
  SelfPipe(EventSet& events, Dispositions::Claim claim) : events_(events), claim_(claim) {}
  SelfPipe(const SelfPipe&) = delete;
  SelfPipe& operator=(const SelfPipe&) = delete;
  ~SelfPipe();

  // Makes the pipe; watch() does it if nobody has. Returns 0 or a negative errno.
  int open();
  // Closes the pipe, when nothing is watched any more.
  void close();
  // From now on `callback` runs in the loop for each arrival. Returns 0 or a negative errno: Dispositions::claim()'s.
  int watch(int signum, Callback callback, void* context);
  // Restores what the host had, by Dispositions::release(). What has not been called back for is forgotten.
  void unwatch(int signum);
  bool watches(int signum) const { return targets_[signum].callback != nullptr; }
  // Calls back for what has come until now: the loop need not have seen it.
  void collect();
  // In a forked child of the host: closes descriptors, touches no event loop.
  void abandon();

  // Around a fork, so that the child does not inherit a lock that another thread held.
  static void hold_for_fork();
  static void release_after_fork();
  static void release_in_forked_child();

  struct Subscriber;  // what the handler sees of us

 private:
  void on_readable();
  void forget(int signum);

  struct Target {
    Callback callback = nullptr;
    void* context = nullptr;
  };

  EventSet& events_;
  Dispositions::Claim claim_;
  int entry_ = -1;
  Subscriber* subscriber_ = nullptr;
  UniqueFd read_end_;
  UniqueFd write_end_;
  Target targets_[kSignals];
};

}  // namespace pipe_core

#endif
