#include <gtest/gtest.h>

#include <csignal>

#include "descriptors.h"
#include "fake_target.h"
#include "forked.h"
#include "real_child.h"
#include "reaper.h"
#include "signal_watcher.h"

namespace pipe_core {
namespace {

TEST(SigchldReaper, AsksAtEachSigchldAndNotOnlyByItsTimer) {
  constexpr int kSignals = 200;
  TurningLoop loop;
  FakeTarget target;
  SigchldReaper reaper(loop.events, &loop.uv, target);
  target.forget = [&](Child& child) { reaper.unwatch(child); };
  const RealChild real;
  Child child(real.pid(), UniqueFd());
  reaper.watch(child);
  for (int i = 0; i < kSignals; ++i) {
    ::raise(SIGCHLD);
    loop.turn();
  }
  EXPECT_GE(target.asks, kSignals);
  real.end();
  loop.run_until_reaped(target, 1);
}

TEST(SigchldReaper, HasItsHandlerOnlyWhileItWatches) {
  TurningLoop loop;
  FakeTarget target;
  SigchldReaper reaper(loop.events, &loop.uv, target);
  target.forget = [&](Child& child) { reaper.unwatch(child); };
  EXPECT_EQ(disposition(SIGCHLD).sa_handler, SIG_DFL);
  const RealChild reals[2];
  Child first(reals[0].pid(), UniqueFd());
  Child second(reals[1].pid(), UniqueFd());
  reaper.watch(first);
  reaper.watch(second);
  EXPECT_NE(disposition(SIGCHLD).sa_handler, SIG_DFL);
  reals[0].end();
  loop.run_until_reaped(target, 1);
  EXPECT_NE(disposition(SIGCHLD).sa_handler, SIG_DFL);
  reals[1].end();
  loop.run_until_reaped(target, 2);
  EXPECT_EQ(disposition(SIGCHLD).sa_handler, SIG_DFL);
}

TEST(SigchldReaper, ReapsAlsoWhenTheHostHasReplacedItsHandlerOrIgnoresTheSignal) {
  for (const auto host_choice : {SIG_DFL, SIG_IGN}) {
    for (const bool before : {false, true}) {
      in_forked_process([=] {
        TurningLoop loop;
        FakeTarget target;
        SigchldReaper reaper(loop.events, &loop.uv, target);
        target.forget = [&](Child& child) { reaper.unwatch(child); };
        const RealChild real;
        Child child(real.pid(), UniqueFd());
        if (before) ::signal(SIGCHLD, host_choice);
        reaper.watch(child);
        if (!before) ::signal(SIGCHLD, host_choice);
        real.end();
        loop.run_until_reaped(target, 1);
        EXPECT_EQ(disposition(SIGCHLD).sa_handler, host_choice);
      });
    }
  }
}

}  // namespace
}  // namespace pipe_core
