// One descriptor that tells another event loop that ours has work: an epoll set of libuv's own backend, a timerfd for
// the next timer, and an eventfd for what was started outside a turn, which libuv hands to the kernel in its next turn
// only.
#ifndef FOREIGN_FD_H_
#define FOREIGN_FD_H_

#include "unique_fd.h"

namespace pipe_core {

class ForeignFd {
 public:
  // Returns the descriptor, made at the first call, or a negative errno.
  int open(int backend_fd);
  bool is_open() const { return static_cast<bool>(epoll_); }
  void wake();
  void clear_wake();
  // `ms` as uv_backend_timeout() has it: -1 for no timer.
  void set_timer(int ms);
  void close();

 private:
  UniqueFd epoll_;
  UniqueFd timer_;
  UniqueFd event_;
};

}  // namespace pipe_core

#endif
