// The epoll set that the loop sleeps in: the host's ends of pipes, pidfds, and libuv's own set as one of them. Not
// uv_poll_t: that probes each descriptor with three system calls, needs one more to watch it, and aborts the host where
// the kernel has no memory for it.
#ifndef EVENT_SET_H_
#define EVENT_SET_H_

#include <cstdint>
#include <sys/epoll.h>
#include <vector>

#include "unique_fd.h"

namespace pipe_core {

class EventSet {
 public:
  // `events` of epoll_ctl(2). It may add and remove, itself included.
  using Callback = void (*)(void* owner, uint32_t events);

  EventSet() = default;
  EventSet(const EventSet&) = delete;
  EventSet& operator=(const EventSet&) = delete;

  // Returns 0 or a negative errno.
  int open();
  // In a forked child of the host this is only our copy of the number: the set stays the parent's.
  void close() { epoll_.reset(); }
  int fd() const { return epoll_.get(); }

  // Watches `fd` until remove() or forget(); level-triggered, unless `events` says otherwise. Returns an entry's number
  // or a negative errno.
  int add(int fd, uint32_t events, Callback callback, void* owner);
  // Before the descriptor is closed: a fork of the host may hold a copy of it, which would keep it in the set. After
  // close() nothing leaves the set.
  void remove(int number, int fd);
  // For what is out of the set already, or can bring no more than one more event: EPOLLONESHOT. Such an event is
  // nobody's.
  void forget(int number);

  // Waits at most so long, -1 for ever, and calls back for what has come. A signal ends the wait.
  void wait(int timeout_ms);

 private:
  // An event that was fetched, or queued in the kernel, before its entry was freed must not reach the next one there.
  struct Entry {
    Callback callback;  // nullptr: free
    void* owner;
    uint32_t generation;
    int next_free;
  };

  int take_entry();
  void dispatch(const epoll_event& event);

  static constexpr int kNone = -1;
  UniqueFd epoll_;
  std::vector<Entry> entries_;
  int first_free_ = kNone;
};

}  // namespace pipe_core

#endif
