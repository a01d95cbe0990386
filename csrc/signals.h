// The host's own signals: what has come and has not been told yet, and the one operation that waits for it.
#ifndef SIGNALS_H_
#define SIGNALS_H_

#include <cstdint>

#include "operation.h"
#include "self_pipe.h"

namespace pipe_core {

class Signals {
 public:
  Signals(Loop& loop, EventSet& events) : pipe_(events, Dispositions::Claim::kInstead), arrival_(loop) {}

  // Whether watch() takes it. Not KILL and STOP, and libc's own two. Nor what a fault raises: its instruction runs
  // again when the handler returns, and faults again, without end.
  static bool can_watch(int signum);

  // Each arrival counts, also of a signal that the host ignores. Returns 0 or a negative errno.
  int watch(int signum);
  // Forgets what has not been told.
  void unwatch(int signum);

  // Ends when there is something to tell, in the next turn if there is already. PIPE_BUSY while its token is out.
  int start(uint32_t token);
  void cancel() { arrival_.cancel(); }
  // The next signal that has come, and how often; 0 ends a pass over all of them. So one that comes all the time
  // neither hides the others nor keeps the host here.
  int next(uint32_t* count);

  // In a forked child of the host: closes descriptors, touches no event loop.
  void abandon();

 private:
  void arrived(int signum, uint32_t count);
  bool anything() const;

  SelfPipe pipe_;
  Operation arrival_;
  uint32_t untold_[SelfPipe::kSignals] = {};
  int last_told_ = 0;
  int watched_ = 0;
};

}  // namespace pipe_core

#endif
