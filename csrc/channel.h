// What one operation at a time may wait for: a stream, or the child's exit.
#ifndef CHANNEL_H_
#define CHANNEL_H_

#include <cstdint>

#include "operation.h"
#include "pipe.h"

namespace pipe_core {

class Channel {
 public:
  explicit Channel(Loop& loop) : loop_(loop), operation_(loop) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  virtual ~Channel() = default;

  // Arms what the last try could not do at once; 0 never times out.
  int start(uint32_t token, uint32_t timeout_ms) {
    return arm_and([&] { return operation_.start(token, timeout_ms == 0 ? Operation::kNoTimeout : timeout_ms); });
  }
  // The same, but `other` tells of it, and only if it ends otherwise than well.
  int start_beside(Channel& other) {
    return arm_and([&] { return operation_.start_beside(other.operation_); });
  }
  virtual void cancel() { operation_.cancel(); }

 protected:
  virtual int arm() = 0;
  // The outcome of a try. One that has to wait keeps the channel until start() or cancel().
  int tried(int outcome) {
    if (outcome == PIPE_AGAIN) operation_.hold();
    return outcome;
  }

  Loop& loop_;
  Operation operation_;

 private:
  template <typename Start>
  int arm_and(Start start) {
    if (operation_.waiting() || operation_.finished()) return PIPE_BUSY;
    // Without a try there is nothing to arm but what an earlier one has left, the slices of a write among it.
    if (!operation_.busy()) return UV_EINVAL;
    int status = operation_.ended_early() ? PIPE_OK : arm();
    if (status == PIPE_OK) status = start();
    if (status < 0) cancel();
    return status;
  }
};

}  // namespace pipe_core

#endif
