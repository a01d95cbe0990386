// One descriptor that tells another event loop that ours has work: an epoll set of the loop's own set, a timerfd for
// the next deadline, and an eventfd for what was started, or has ended, outside a turn.
#ifndef FOREIGN_FD_H_
#define FOREIGN_FD_H_

#include "unique_fd.h"

namespace pipe_core {

class ForeignFd {
 public:
  // Returns the descriptor, made at the first call, or a negative errno.
  int open(int set_fd);
  bool is_open() const { return static_cast<bool>(epoll_); }
  void wake();
  void clear_wake();
  // `ms` until the next deadline: -1 for none.
  void set_timer(int ms);
  void close();

 private:
  UniqueFd epoll_;
  UniqueFd timer_;
  UniqueFd event_;
};

}  // namespace pipe_core

#endif
