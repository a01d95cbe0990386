// Signals, out of the handler and into the loop: the self-pipe trick. The handler counts and writes one byte into a
// pipe that the loop watches; everything else happens later, in the loop. Not uv_signal_t: its pipe carries the signals
// themselves and can fill, and stopping it sets SIG_DFL instead of the host's handler.
#ifndef SELF_PIPE_H_
#define SELF_PIPE_H_

#include <cstdint>
#include <uv.h>

#include "unique_fd.h"
#include "uv_handle.h"

namespace pipe_core {

class SelfPipe {
 public:
  // `count`: how many times the signal has come since the last call.
  using Callback = void (*)(void* context, int signum, uint32_t count);
  static constexpr int kSignals = 65;

  explicit SelfPipe(uv_loop_t* loop) : loop_(loop) {}
  SelfPipe(const SelfPipe&) = delete;
  SelfPipe& operator=(const SelfPipe&) = delete;
  ~SelfPipe();

  // Makes the pipe, which stays until the end; watch() does it if nobody has. Returns 0 or a negative errno.
  int open();
  // From now on `callback` runs in the loop for each arrival. Returns 0 or a negative errno; UV_EINVAL where the host
  // ignores the signal, which is the host's choice and stays.
  int watch(int signum, Callback callback, void* context);
  // Restores what the host had, if no other loop watches and nobody has put a handler over ours.
  void unwatch(int signum);
  // In a forked child of the host: closes descriptors, touches no event loop.
  void abandon();

  // Around a fork, so that the child does not inherit a lock that another thread held.
  static void hold_for_fork();
  static void release_after_fork();

  struct Subscriber;  // what the handler sees of us

 private:
  void close();
  void on_readable();

  struct Target {
    Callback callback = nullptr;
    void* context = nullptr;
  };

  uv_loop_t* loop_;
  Subscriber* subscriber_ = nullptr;
  UniqueFd read_end_;
  UniqueFd write_end_;
  UvHandle<uv_poll_t> poll_;
  Target targets_[kSignals];
};

}  // namespace pipe_core

#endif
