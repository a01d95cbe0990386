// A reaper without the rest of the core: a loop that turns, and somebody whom the reaper asks.
#ifndef FAKE_TARGET_H_
#define FAKE_TARGET_H_

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "reaper.h"

namespace pipe_core {

// Stands for the loop. Refuses as long as it is told to, as a traced child does that is dead for its tracer first.
class FakeTarget final : public ReapTarget {
 public:
  bool reap(Child& child) override {
    ++asks;
    if (refusals > 0) {
      --refusals;
      return false;
    }
    ExitStatus status;
    if (!child.try_reap(&status)) return false;
    reaped.push_back(child.pid());
    forget(child);
    return true;
  }

  int asks = 0;
  int refusals = 0;
  std::vector<pid_t> reaped;
  std::function<void(Child&)> forget = [](Child&) {};
};

struct TurningLoop {
  TurningLoop() {
    EXPECT_EQ(uv_loop_init(&uv), 0);
    state.generation = ForkGuard::generation();
    uv.data = &state;
    EXPECT_EQ(events.open(), 0);
    EXPECT_GE(events.add(
                  uv_backend_fd(&uv), EPOLLIN, [](void*, uint32_t) {}, nullptr),
              0);
  }
  ~TurningLoop() {
    uv_run(&uv, UV_RUN_NOWAIT);
    EXPECT_EQ(uv_loop_close(&uv), 0);
  }
  void turn(int timeout_ms = 0) {
    events.wait(timeout_ms);
    uv_run(&uv, UV_RUN_NOWAIT);
  }
  void run_until_reaped(const FakeTarget& target, size_t count) {
    while (target.reaped.size() < count) turn(uv_loop_alive(&uv) != 0 ? uv_backend_timeout(&uv) : -1);
  }
  EventSet events;
  uv_loop_t uv = {};
  LoopState state;
};

}  // namespace pipe_core

#endif
