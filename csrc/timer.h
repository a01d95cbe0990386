// A delay of the host's own: an operation with a timeout and nothing else to wait for. The host knows it by its token.
#ifndef TIMER_H_
#define TIMER_H_

#include <unordered_map>

#include "operation.h"

namespace pipe_core {

class Timers {
 public:
  // 0 ms end in the loop's next turn. Returns 0 or a negative errno: UV_EEXIST for a token that is out already. May
  // throw std::bad_alloc.
  int start(Loop& loop, double ms, uint32_t token) {
    const auto [at, added] = timers_.try_emplace(token, loop);
    if (!added) return UV_EEXIST;
    const int status = at->second.start(token, ms);
    if (status < 0) timers_.erase(at);
    return status;
  }
  // Pending or ended, if it is there.
  void stop(uint32_t token) { timers_.erase(token); }
  // To be called for each operation whose token the host has got.
  void ended(const Operation& operation) {
    if (timers_.empty()) return;
    const auto at = timers_.find(operation.token());
    if (at != timers_.end() && &at->second == &operation) timers_.erase(at);
  }

 private:
  std::unordered_map<uint32_t, Operation> timers_;
};

}  // namespace pipe_core

#endif
