// Tells when the parent's end of a pipe can be read or written: one uv_poll_t, made by the first wait and kept armed
// between waits, since disarming and arming again would cost two system calls for each.
#ifndef FD_WATCH_H_
#define FD_WATCH_H_

#include <uv.h>

#include "uv_handle.h"

namespace pipe_core {

class FdWatch {
 public:
  // `events` is UV_READABLE or UV_WRITABLE; `ready(owner)` returns false if nobody waits, which disarms.
  using Ready = bool (*)(void* owner);
  FdWatch(int events, Ready ready, void* owner) : events_(events), ready_(ready), owner_(owner) {}
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  int arm(uv_loop_t* loop, int fd) {
    if (armed_) return 0;
    if (!poll_) {
      const int status = poll_.open(this, [&](uv_poll_t* poll) { return uv_poll_init(loop, poll, fd); });
      if (status < 0) return status;
    }
    const int status = uv_poll_start(poll_.get(), events_, on_event);
    armed_ = status == 0;
    return status;
  }

  // Before the descriptor is closed: libuv must take it out of its epoll set while it is still there.
  void close() {
    poll_.reset();
    armed_ = false;
  }

 private:
  static void on_event(uv_poll_t* poll, int status, int) {
    auto* self = static_cast<FdWatch*>(poll->data);
    // libuv reports a dead reader as UV_EBADF and has stopped the poll by then: the owner's write will tell EPIPE.
    if (status < 0) self->armed_ = false;
    const bool wanted = self->ready_(self->owner_);
    if (!self->poll_ || wanted == self->armed_) return;
    self->armed_ = wanted && uv_poll_start(poll, self->events_, on_event) == 0;
    if (!wanted) uv_poll_stop(poll);
  }

  int events_;
  Ready ready_;
  void* owner_;
  UvHandle<uv_poll_t> poll_;
  bool armed_ = false;
};

}  // namespace pipe_core

#endif
