#include "child.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include <cerrno>
#include <csignal>
#include <cstdio>

#include "descriptors.h"
#include "forked.h"
#include "real_child.h"
#include "sandbox.h"

namespace pipe_core {
namespace {

using Kind = ExitStatus::Kind;

bool kernel_tells_lost_statuses() {
  utsname system = {};
  int major = 0;
  int minor = 0;
  ::uname(&system);
  return std::sscanf(system.release, "%d.%d", &major, &minor) == 2 && (major > 6 || (major == 6 && minor >= 15));
}

// With a pidfd and without.
class ChildTest : public testing::TestWithParam<bool> {
 protected:
  static Child adopt(const RealChild& real) { return {real.pid(), GetParam() ? real.pidfd() : UniqueFd()}; }
};

TEST_P(ChildTest, KnowsWhoItIs) {
  const RealChild real;
  Child child = adopt(real);
  EXPECT_EQ(child.pid(), real.pid());
  EXPECT_EQ(child.pidfd() >= 0, GetParam());
  real.end();
  real.reap();
}

TEST_P(ChildTest, IsNotReapedWhileItLives) {
  const RealChild real;
  Child child = adopt(real);
  ExitStatus status = {Kind::kLost, 99};
  EXPECT_FALSE(child.try_reap(&status));
  EXPECT_EQ(status.status, 99);
  real.end();
  real.reap();
}

TEST_P(ChildTest, TellsItsExitCodeAndIsGone) {
  for (const int code : {0, 1, 7, 255}) {
    const RealChild real(code);
    Child child = adopt(real);
    real.end_and_await_death();
    ExitStatus status = {Kind::kLost, -1};
    ASSERT_TRUE(child.try_reap(&status));
    EXPECT_EQ(status.kind, Kind::kExit);
    EXPECT_EQ(status.status, code);
    EXPECT_FALSE(has_children());
  }
}

TEST_P(ChildTest, TellsTheSignalThatKilledIt) {
  for (const int signum : {SIGTERM, SIGKILL, SIGUSR1}) {
    const RealChild real;
    Child child = adopt(real);
    EXPECT_EQ(child.send_signal(signum), 0);
    real.await_death();
    ExitStatus status = {Kind::kLost, -1};
    ASSERT_TRUE(child.try_reap(&status));
    EXPECT_EQ(status.kind, Kind::kSignal);
    EXPECT_EQ(status.status, signum);
  }
}

TEST_P(ChildTest, IsLostWhenSomebodyElseReapedItUnlessTheKernelRemembers) {
  const bool remembered = GetParam() && kernel_tells_lost_statuses();
  const RealChild real(7);
  Child child = adopt(real);
  real.end();
  real.reap();
  ExitStatus status = {};
  ASSERT_TRUE(child.try_reap(&status));
  EXPECT_EQ(status.kind, remembered ? Kind::kExit : Kind::kLost);
  EXPECT_EQ(status.status, remembered ? 7 : 0);
}

TEST_P(ChildTest, IsLostWhenSomebodyElseReapedItAndTheKernelIsTooOldToRemember) {
  const bool with_pidfd = GetParam();
  in_forked_process([with_pidfd] {
    const RealChild real(7);
    Child child(real.pid(), with_pidfd ? real.pidfd() : UniqueFd());
    real.end();
    real.reap();
    refuse_system_call(SYS_ioctl, EINVAL);
    ExitStatus status = {};
    ASSERT_TRUE(child.try_reap(&status));
    EXPECT_EQ(status.kind, Kind::kLost);
  });
}

TEST_P(ChildTest, IsRememberedAsKilledWhenSomebodyElseReapedIt) {
  const bool remembered = GetParam() && kernel_tells_lost_statuses();
  const RealChild real;
  Child child = adopt(real);
  ASSERT_EQ(child.send_signal(SIGKILL), 0);
  real.reap();
  ExitStatus status = {};
  ASSERT_TRUE(child.try_reap(&status));
  EXPECT_EQ(status.kind, remembered ? Kind::kSignal : Kind::kLost);
  EXPECT_EQ(status.status, remembered ? SIGKILL : 0);
}

TEST_P(ChildTest, TellsTheSameAgainOnceReaped) {
  const bool remembered = GetParam() && kernel_tells_lost_statuses();
  const RealChild real(7);
  Child child = adopt(real);
  real.end_and_await_death();
  ExitStatus status = {};
  ASSERT_TRUE(child.try_reap(&status));
  ASSERT_TRUE(child.try_reap(&status));
  EXPECT_EQ(status.kind, remembered ? Kind::kExit : Kind::kLost);
}

TEST_P(ChildTest, OfAHostThatIgnoresSigchldNeverBlocks) {
  const bool with_pidfd = GetParam();
  in_forked_process([with_pidfd] {
    ::signal(SIGCHLD, SIG_IGN);
    const RealChild real(7);
    Child child(real.pid(), with_pidfd ? real.pidfd() : UniqueFd());
    ExitStatus status = {};
    EXPECT_FALSE(child.try_reap(&status));
    real.end();
    siginfo_t info;
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(real.pid()), &info, WEXITED), -1);  // returns when it is gone
    EXPECT_EQ(errno, ECHILD);
    ASSERT_TRUE(child.try_reap(&status));
    const bool remembered = with_pidfd && kernel_tells_lost_statuses();
    EXPECT_EQ(status.kind, remembered ? Kind::kExit : Kind::kLost);
    EXPECT_EQ(status.status, remembered ? 7 : 0);
  });
}

TEST_P(ChildTest, IsAskedWhetherItLivesBySignalZero) {
  const RealChild real;
  Child child = adopt(real);
  EXPECT_EQ(child.send_signal(0), 0);
  EXPECT_EQ(child.send_signal(1000), -EINVAL);
  real.end();
  real.reap();
  EXPECT_EQ(child.send_signal(0), -ESRCH);
  EXPECT_EQ(child.send_signal(SIGKILL), -ESRCH);
}

TEST_P(ChildTest, TellsWhatItHasUsed) {
  const RealChild real;
  Child child = adopt(real);
  real.end_and_await_death();
  ExitStatus status = {};
  ASSERT_TRUE(child.try_reap(&status));
  EXPECT_GT(status.usage.ru_maxrss, 0);
  EXPECT_GT(status.usage.ru_minflt, 0);
}

TEST_P(ChildTest, IsSignalledWithItsGroupIfItLeadsOne) {
  const RealChild leader;
  const RealChild member;
  ASSERT_EQ(::setpgid(leader.pid(), leader.pid()), 0);
  ASSERT_EQ(::setpgid(member.pid(), leader.pid()), 0);
  const Child child(leader.pid(), GetParam() ? leader.pidfd() : UniqueFd(), PIPE_SPAWN_GROUP);
  EXPECT_EQ(child.send_signal(0), 0);
  EXPECT_EQ(child.send_signal(1000), -EINVAL);
  EXPECT_EQ(child.send_signal(SIGKILL), 0);
  member.reap();
  leader.reap();
}

TEST_P(ChildTest, IsSignalledAloneWhenItHasLeftItsGroup) {
  const RealChild real;
  const Child child(real.pid(), GetParam() ? real.pidfd() : UniqueFd(), PIPE_SPAWN_GROUP);
  ASSERT_EQ(::getpgid(real.pid()), ::getpgrp()) << "which must not be signalled";
  EXPECT_EQ(child.send_signal(SIGKILL), 0);
  real.reap();
  EXPECT_EQ(child.send_signal(SIGKILL), -ESRCH);
}

TEST_P(ChildTest, SaysThatItsGroupMayNotBeSignalled) {
  const bool with_pidfd = GetParam();
  in_forked_process([with_pidfd] {
    const RealChild real;
    ASSERT_EQ(::setpgid(real.pid(), real.pid()), 0);
    const Child child(real.pid(), with_pidfd ? real.pidfd() : UniqueFd(), PIPE_SPAWN_GROUP);
    refuse_system_call(SYS_kill, EPERM);
    EXPECT_EQ(child.send_signal(SIGKILL), -EPERM);
    real.end();
    real.reap();
  });
}

TEST_P(ChildTest, IsSignalledByPidWhereTheCallForPidfdsIsMissingOrForbidden) {
  const bool with_pidfd = GetParam();
  for (const int error : {ENOSYS, EPERM}) {
    in_forked_process([with_pidfd, error] {
      const RealChild real;
      Child child(real.pid(), with_pidfd ? real.pidfd() : UniqueFd());
      refuse_system_call(SYS_pidfd_send_signal, error);
      EXPECT_EQ(child.send_signal(SIGTERM), 0);
      real.await_death();
      ExitStatus status = {};
      ASSERT_TRUE(child.try_reap(&status));
      EXPECT_EQ(status.status, SIGTERM);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(With, ChildTest, testing::Bool(),
                         [](const auto& each) { return each.param ? "Pidfd" : "Pid"; });

// The kernel lets go of a child that nobody waits for in two steps: between them waitid(2) knows it no more, and the
// pidfd has no status.
TEST(Child, OfAHostThatIgnoresSigchldKeepsItsStatusWhenItIsAskedAtTheWorstTime) {
  if (!kernel_tells_lost_statuses()) GTEST_SKIP() << "this kernel forgets the status with the process";
  in_forked_process([] {
    ::signal(SIGCHLD, SIG_IGN);
    constexpr int kTimes = 2000;
    for (int i = 0; i < kTimes; ++i) {
      const RealChild real;
      Child child(real.pid(), real.pidfd());
      real.end();
      ExitStatus status = {};
      while (!child.try_reap(&status)) {
      }
      ASSERT_EQ(status.kind, Kind::kExit);
    }
  });
}

TEST(Child, IsDetachedOnlyIfThatWasWanted) {
  EXPECT_TRUE(Child(1, UniqueFd(), PIPE_SPAWN_DETACHED | PIPE_SPAWN_GROUP).detached());
  EXPECT_FALSE(Child(1, UniqueFd(), PIPE_SPAWN_GROUP | PIPE_SPAWN_PTY).detached());
  EXPECT_FALSE(Child(1, UniqueFd()).detached());
}

TEST(Child, AbandonedClosesItsDescriptorAndSignalsNobody) {
  const RealChild real;
  UniqueFd pidfd = real.pidfd();
  const int number = pidfd.get();
  Child child(real.pid(), std::move(pidfd));
  child.abandon();
  EXPECT_EQ(child.pidfd(), -1);
  EXPECT_EQ(::fcntl(number, F_GETFD), -1);
  EXPECT_EQ(::kill(real.pid(), 0), 0);
  real.end();
  real.reap();
}

}  // namespace
}  // namespace pipe_core
