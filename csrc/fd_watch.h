// Tells when the parent's end of a pipe can be read or written. Watched from the first wait on and between waits, since
// leaving the set and entering it again would cost two system calls for each.
#ifndef FD_WATCH_H_
#define FD_WATCH_H_

#include "event_set.h"

namespace pipe_core {

class FdWatch {
 public:
  // `events` is EPOLLIN or EPOLLOUT; `ready(owner, events)` returns false if nobody waits, which disarms.
  using Ready = bool (*)(void* owner, uint32_t events);
  FdWatch(uint32_t events, Ready ready, void* owner) : events_(events), ready_(ready), owner_(owner) {}
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  ~FdWatch() { close(); }

  int arm(EventSet& set, int fd) {
    if (armed()) return 0;
    const int entry = set.add(fd, events_, on_event, this);
    if (entry < 0) return entry;
    set_ = &set;
    fd_ = fd;
    entry_ = entry;
    return 0;
  }

  // Before the descriptor is closed.
  void close() {
    if (armed()) set_->remove(entry_, fd_);
    entry_ = kNone;
  }

 private:
  static constexpr int kNone = -1;

  bool armed() const { return entry_ != kNone; }
  static void on_event(void* watch, uint32_t events) {
    auto* self = static_cast<FdWatch*>(watch);
    // Level-triggered: left in the set, what nobody wants would turn the loop for ever.
    if (!self->ready_(self->owner_, events)) self->close();
  }

  uint32_t events_;
  Ready ready_;
  void* owner_;
  EventSet* set_ = nullptr;
  int fd_ = -1;
  int entry_ = kNone;
};

}  // namespace pipe_core

#endif
