#include <gtest/gtest.h>

#include <csignal>

#include "descriptors.h"
#include "fake_target.h"
#include "real_child.h"
#include "reaper.h"
#include "signal_watcher.h"

namespace pipe_core {
namespace {

TEST(PidfdReaper, AsksForAChildThatHasNoPidfd) {
  TurningLoop loop;
  FakeTarget target;
  PidfdReaper reaper(loop.events, &loop.uv, target);
  target.forget = [&](Child& child) { reaper.unwatch(child); };
  const RealChild real;
  Child child(real.pid(), UniqueFd());
  reaper.watch(child);
  real.end();
  loop.run_until_reaped(target, 1);
}

TEST(PidfdReaper, StopsLookingAtAPidfdThatIsReadableTooEarly) {
  TurningLoop loop;
  FakeTarget target;
  PidfdReaper reaper(loop.events, &loop.uv, target);
  target.forget = [&](Child& child) { reaper.unwatch(child); };
  target.refusals = 1;
  const RealChild real;
  real.end_and_await_death();
  Child child(real.pid(), real.pidfd());
  reaper.watch(child);
  while (target.asks == 0) loop.turn();
  loop.run_until_reaped(target, 1);
  EXPECT_EQ(target.asks, 2);
}

TEST(PidfdReaper, LeavesSigchldAlone) {
  TurningLoop loop;
  FakeTarget target;
  PidfdReaper reaper(loop.events, &loop.uv, target);
  target.forget = [&](Child& child) { reaper.unwatch(child); };
  const RealChild real;
  Child child(real.pid(), real.pidfd());
  reaper.watch(child);
  EXPECT_EQ(disposition(SIGCHLD).sa_handler, SIG_DFL);
  real.end();
  loop.run_until_reaped(target, 1);
}

}  // namespace
}  // namespace pipe_core
