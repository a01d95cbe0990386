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
  explicit FakeTarget(uv_loop_t* loop) : loop_(loop) {}
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
    uv_stop(loop_);  // libuv runs timers first, and would go to sleep after that
    return true;
  }

  int asks = 0;
  int refusals = 0;
  std::vector<pid_t> reaped;
  std::function<void(Child&)> forget = [](Child&) {};

 private:
  uv_loop_t* loop_;
};

struct TurningLoop {
  TurningLoop() {
    EXPECT_EQ(uv_loop_init(&uv), 0);
    state.generation = ForkGuard::generation();
    uv.data = &state;
  }
  ~TurningLoop() {
    uv_run(&uv, UV_RUN_NOWAIT);
    EXPECT_EQ(uv_loop_close(&uv), 0);
  }
  void turn() { uv_run(&uv, UV_RUN_NOWAIT); }
  void run_until_reaped(const FakeTarget& target, size_t count) {
    while (target.reaped.size() < count) uv_run(&uv, UV_RUN_ONCE);
  }
  uv_loop_t uv = {};
  LoopState state;
};

}  // namespace pipe_core

#endif
