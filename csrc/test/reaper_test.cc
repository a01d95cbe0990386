#include "reaper.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <string>
#include <vector>

#include "descriptors.h"
#include "fake_target.h"
#include "forked.h"
#include "real_child.h"
#include "sandbox.h"

namespace pipe_core {
namespace {

TEST(Asker, AsksInTheNextTurnAndUntilItIsToldYes) {
  TurningLoop loop;
  FakeTarget target;
  Asker asker(&loop.uv, target);
  target.forget = [&](Child& child) { asker.remove(child); };
  target.refusals = 2;
  const RealChild real;
  real.end_and_await_death();
  Child child(real.pid(), UniqueFd());
  asker.add(child);
  EXPECT_EQ(target.asks, 0);
  loop.turn();
  EXPECT_EQ(target.asks, 1);
  loop.run_until_reaped(target, 1);
  EXPECT_EQ(target.asks, 3);
  EXPECT_TRUE(asker.empty());
  EXPECT_EQ(uv_loop_alive(&loop.uv), 0) << "nobody left to ask for, yet the timer runs";
}

TEST(Asker, SurvivesThatOneReapedChildBringsDownTheOthers) {
  TurningLoop loop;
  FakeTarget target;
  Asker asker(&loop.uv, target);
  const RealChild reals[3];
  Child children[3] = {{reals[0].pid(), UniqueFd()}, {reals[1].pid(), UniqueFd()}, {reals[2].pid(), UniqueFd()}};
  target.forget = [&](Child&) {
    for (Child& child : children) asker.remove(child);
  };
  for (const RealChild& real : reals) real.end_and_await_death();
  for (Child& child : children) asker.add(child);
  loop.turn();
  EXPECT_EQ(target.asks, 1);
  EXPECT_TRUE(asker.empty());
  for (const RealChild& real : reals) {
    if (real.pid() != target.reaped[0]) real.reap();
  }
}

class ReaperTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ::setenv("PIPE_REAPER", GetParam(), 1);
    reaper_ = Reaper::choose(loop_.events, &loop_.uv, target_);
    ::unsetenv("PIPE_REAPER");
    ASSERT_STREQ(reaper_->name(), GetParam());
    target_.forget = [this](Child& child) { reaper_->unwatch(child); };
  }
  Child adopt(const RealChild& real) { return {real.pid(), reaper_->wants_pidfd() ? real.pidfd() : UniqueFd()}; }

  TurningLoop loop_;
  FakeTarget target_;
  std::unique_ptr<Reaper> reaper_;
};

TEST_P(ReaperTest, ReapsAChildThatExits) {
  const RealChild real;
  Child child = adopt(real);
  reaper_->watch(child);
  loop_.turn();
  EXPECT_TRUE(target_.reaped.empty());
  real.end();
  loop_.run_until_reaped(target_, 1);
  EXPECT_EQ(target_.reaped[0], real.pid());
}

TEST_P(ReaperTest, ReapsAChildThatHadExitedBeforeItWasWatched) {
  const RealChild real;
  real.end_and_await_death();
  Child child = adopt(real);
  reaper_->watch(child);
  loop_.run_until_reaped(target_, 1);
}

TEST_P(ReaperTest, AsksAgainWhenItIsRefused) {
  const RealChild real;
  real.end_and_await_death();
  Child child = adopt(real);
  target_.refusals = 3;
  reaper_->watch(child);
  loop_.run_until_reaped(target_, 1);
  EXPECT_EQ(target_.asks, 4);
}

TEST_P(ReaperTest, DoesNotSpinWhileItIsRefused) {
  constexpr int kTurns = 1000;
  const RealChild real;
  real.end_and_await_death();
  Child child = adopt(real);
  target_.refusals = 1 << 30;
  reaper_->watch(child);
  for (int i = 0; i < kTurns; ++i) loop_.turn();
  EXPECT_GE(target_.asks, 1);
  EXPECT_LT(target_.asks, kTurns / 2);
  target_.refusals = 0;
  loop_.run_until_reaped(target_, 1);
}

TEST_P(ReaperTest, ReapsManyEachOnceInWhateverOrderTheyExit) {
  constexpr size_t kMany = 20;
  std::vector<RealChild> reals(kMany);
  std::vector<Child> children;
  std::vector<pid_t> pids;
  for (const RealChild& real : reals) {
    children.push_back(adopt(real));
    pids.push_back(real.pid());
  }
  for (Child& child : children) reaper_->watch(child);
  for (size_t i = 0; i < kMany; ++i) reals[(i * 7) % kMany].end();
  loop_.run_until_reaped(target_, kMany);
  std::sort(target_.reaped.begin(), target_.reaped.end());
  std::sort(pids.begin(), pids.end());
  EXPECT_EQ(target_.reaped, pids);
}

TEST_P(ReaperTest, WatchesOnceHoweverOftenItIsTold) {
  const RealChild real;
  Child child = adopt(real);
  for (int i = 0; i < 3; ++i) reaper_->watch(child);
  real.end();
  loop_.run_until_reaped(target_, 1);
  EXPECT_EQ(target_.reaped.size(), 1U);
  reaper_.reset();
  loop_.turn();
  EXPECT_EQ(uv_loop_alive(&loop_.uv), 0);
}

TEST_P(ReaperTest, DoesNotAskForAChildThatIsWatchedNoMore) {
  const RealChild real;
  Child child = adopt(real);
  reaper_->watch(child);
  loop_.turn();
  const int asks = target_.asks;
  reaper_->unwatch(child);
  reaper_->unwatch(child);
  real.end_and_await_death();
  loop_.turn();
  EXPECT_EQ(target_.asks, asks);
  reaper_->watch(child);
  loop_.run_until_reaped(target_, 1);
}

TEST_P(ReaperTest, LeavesOtherChildrenToThoseWhoMadeThem) {
  const RealChild ours;
  const RealChild strangers;
  Child child = adopt(ours);
  reaper_->watch(child);
  strangers.end_and_await_death();
  ours.end();
  loop_.run_until_reaped(target_, 1);
  EXPECT_EQ(target_.reaped, std::vector<pid_t>{ours.pid()});
  strangers.reap();
}

TEST_P(ReaperTest, AbandonedInAForkedChildStillReapsInTheParent) {
  const RealChild real;
  Child child = adopt(real);
  reaper_->watch(child);
  loop_.turn();
  in_forked_process([&] { reaper_->abandon(); });
  real.end();
  loop_.run_until_reaped(target_, 1);
}

INSTANTIATE_TEST_SUITE_P(By, ReaperTest, testing::Values("pidfd", "sigchld"),
                         [](const auto& each) { return std::string(each.param); });

std::string chosen() {
  TurningLoop loop;
  FakeTarget target;
  return Reaper::choose(loop.events, &loop.uv, target)->name();
}

TEST(ReaperChoice, IsPidfdsUnlessTheEnvironmentOrTheKernelSaysNo) {
  ::unsetenv("PIPE_REAPER");
  EXPECT_TRUE(PidfdReaper::supported());
  EXPECT_EQ(chosen(), "pidfd");
  ::setenv("PIPE_REAPER", "else", 1);
  EXPECT_EQ(chosen(), "pidfd");
  ::setenv("PIPE_REAPER", "sigchld", 1);
  EXPECT_EQ(chosen(), "sigchld");
  ::unsetenv("PIPE_REAPER");
  for (const int error : {EINVAL, ENOSYS, EPERM}) {
    in_forked_process([&] {
      constexpr unsigned kPidfd = 3;  // P_PIDFD
      refuse_system_call(SYS_waitid, error, kPidfd);
      EXPECT_FALSE(PidfdReaper::supported());
      EXPECT_EQ(chosen(), "sigchld");
    });
  }
}

TEST(ReaperChoice, NeedsNoDescriptor) {
  ::unsetenv("PIPE_REAPER");
  in_forked_process([] {
    TurningLoop loop;
    FakeTarget target;
    rlimit limit;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = 0;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    EXPECT_STREQ(Reaper::choose(loop.events, &loop.uv, target)->name(), "pidfd");
  });
}

}  // namespace
}  // namespace pipe_core
