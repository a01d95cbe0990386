// A delay of the host's own: an operation with a timeout and nothing else to wait for.
#ifndef TIMER_H_
#define TIMER_H_

#include "loop.h"
#include "operation.h"

namespace pipe_core {

class Timer {
 public:
  explicit Timer(Loop& loop) : loop_(loop), operation_(loop) { loop_.ref(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() {
    operation_.cancel();
    operation_.abandon();
    loop_.unref();
  }
  // 0 ends in the loop's next turn.
  int start(double ms, uint32_t token) { return operation_.start(token, ms); }

 private:
  Loop& loop_;
  Operation operation_;
};

}  // namespace pipe_core

#endif
