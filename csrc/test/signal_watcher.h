// A loop with a self-pipe, in any thread, that counts what comes out.
#ifndef SIGNAL_WATCHER_H_
#define SIGNAL_WATCHER_H_

#include <gtest/gtest.h>

#include <array>
#include <csignal>
#include <memory>
#include <utility>

#include "self_pipe.h"

namespace pipe_core {

// What has come to one watcher, by signal.
struct Arrivals {
  std::array<uint32_t, SelfPipe::kSignals> of = {};
  static void count(void* arrivals, int signum, uint32_t times) {
    static_cast<Arrivals*>(arrivals)->of[static_cast<size_t>(signum)] += times;
  }
};

struct Watcher {
  Watcher() {
    EXPECT_EQ(uv_loop_init(&loop), 0);
    state.generation = ForkGuard::generation();
    loop.data = &state;
    pipe = std::make_unique<SelfPipe>(&loop);
  }
  ~Watcher() {
    pipe.reset();
    turn();
    EXPECT_EQ(uv_loop_close(&loop), 0);
  }
  int watch(int signum) { return pipe->watch(signum, Arrivals::count, &arrivals); }
  void turn() { uv_run(&loop, UV_RUN_NOWAIT); }
  uint32_t come(int signum) const { return arrivals.of[static_cast<size_t>(signum)]; }
  uint32_t next(int signum) {
    while (come(signum) == 0) uv_run(&loop, UV_RUN_ONCE);
    return std::exchange(arrivals.of[static_cast<size_t>(signum)], 0);
  }

  uv_loop_t loop = {};
  LoopState state;
  Arrivals arrivals;
  std::unique_ptr<SelfPipe> pipe;
};

inline struct sigaction disposition(int signum) {
  struct sigaction now = {};
  EXPECT_EQ(::sigaction(signum, nullptr, &now), 0);
  return now;
}

}  // namespace pipe_core

#endif
