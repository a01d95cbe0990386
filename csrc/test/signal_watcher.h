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
  explicit Watcher(Dispositions::Claim claim = Dispositions::Claim::kBeside) {
    EXPECT_EQ(events.open(), 0);
    pipe = std::make_unique<SelfPipe>(events, claim);
  }
  int watch(int signum) { return pipe->watch(signum, Arrivals::count, &arrivals); }
  void turn() { events.wait(0); }
  uint32_t come(int signum) const { return arrivals.of[static_cast<size_t>(signum)]; }
  uint32_t next(int signum) {
    while (come(signum) == 0) events.wait(-1);
    return std::exchange(arrivals.of[static_cast<size_t>(signum)], 0);
  }

  EventSet events;
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
