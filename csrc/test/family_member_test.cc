#include "family_member.h"

#include <gtest/gtest.h>
#include <linux/sched.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "descriptors.h"
#include "forked.h"
#include "real_child.h"
#include "sandbox.h"

namespace pipe_core {
namespace {

// A process that gets this very pid; -1 if the kernel does not let us choose it.
pid_t start_stranger(pid_t pid) {
  clone_args arguments = {};
  arguments.exit_signal = SIGCHLD;
  arguments.set_tid = reinterpret_cast<uintptr_t>(&pid);
  arguments.set_tid_size = 1;
  const long started = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  while (started == 0) ::pause();
  return static_cast<pid_t>(started);
}

// With a pidfd and without.
class FamilyMemberTest : public testing::TestWithParam<bool> {
 protected:
  static FamilyMember hold(const RealChild& real, bool with_pidfd = GetParam()) {
    ProcessStat process = {};
    EXPECT_EQ(read_process(real.pid(), &process), 0);
    return {process, with_pidfd ? real.pidfd() : UniqueFd(), 0};
  }
};

TEST_P(FamilyMemberTest, LivesThenIsAZombieThenIsGone) {
  const RealChild real;
  const FamilyMember member = hold(real);
  EXPECT_FALSE(member.exited());
  EXPECT_EQ(member.unreaped(), 1);
  ASSERT_EQ(member.send(SIGTERM), 0);
  real.await_death();
  EXPECT_TRUE(member.exited());
  EXPECT_EQ(member.unreaped(), 1);
  real.reap();
  EXPECT_TRUE(member.exited());
  EXPECT_EQ(member.unreaped(), 0);
  EXPECT_EQ(member.send(SIGTERM), -ESRCH);
}

TEST_P(FamilyMemberTest, IsNeverAStrangerWhoHasGotItsPid) {
  const RealChild real;
  const FamilyMember member = hold(real);
  ProcessStat before = {};
  ASSERT_EQ(read_process(real.pid(), &before), 0);
  real.end();
  real.reap();
  ProcessStat stranger = {};
  do {  // until the clock has ticked since: pids are not handed round as fast as that
    if (stranger.pid != 0) {
      ::kill(stranger.pid, SIGKILL);
      ::waitpid(stranger.pid, nullptr, 0);
    }
    if (start_stranger(real.pid()) != real.pid()) GTEST_SKIP() << "this kernel does not let us choose a pid";
    ASSERT_EQ(read_process(real.pid(), &stranger), 0);
  } while (stranger.start_time == before.start_time);
  EXPECT_FALSE(member.is(stranger));
  EXPECT_TRUE(member.exited());
  EXPECT_EQ(member.unreaped(), 0);
  EXPECT_EQ(member.send(SIGTERM), -ESRCH);
  EXPECT_EQ(::kill(stranger.pid, SIGXCPU), 0);  // of two signals that wait, the lower number kills
  int status = 0;
  EXPECT_EQ(::waitpid(stranger.pid, &status, 0), stranger.pid);
  EXPECT_EQ(WTERMSIG(status), SIGXCPU);
}

TEST_P(FamilyMemberTest, IsUnreapedAlsoWhenItMayNotBeSignalled) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  const RealChild real;
  const FamilyMember member = hold(real);
  in_forked_process([&] {
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(member.send(SIGTERM), -EPERM);
    EXPECT_EQ(member.unreaped(), 1);
    EXPECT_FALSE(member.exited());
  });
  real.end();
  real.reap();
}

TEST_P(FamilyMemberTest, GoesOnAndIsNotTakenForReapedWhereProcCannotBeRead) {
  const bool with_pidfd = GetParam();
  in_forked_process([with_pidfd] {
    const RealChild real;
    const FamilyMember member = hold(real, with_pidfd);
    ASSERT_EQ(member.send(SIGSTOP), 0);
    int status = 0;
    ASSERT_EQ(::waitpid(real.pid(), &status, WUNTRACED), real.pid());
    refuse_system_call(SYS_openat, EMFILE);
    EXPECT_EQ(member.unreaped(), with_pidfd ? 1 : -EMFILE);
    EXPECT_FALSE(member.exited());
    member.go_on();
    ASSERT_EQ(::waitpid(real.pid(), &status, WCONTINUED), real.pid());
    EXPECT_TRUE(WIFCONTINUED(status));
    real.end();
    real.reap();
  });
}

TEST_P(FamilyMemberTest, IsSignalledByPidWhereTheCallForPidfdsIsMissingOrForbidden) {
  const bool with_pidfd = GetParam();
  for (const int error : {ENOSYS, EPERM}) {
    in_forked_process([with_pidfd, error] {
      const RealChild real;
      const FamilyMember member = hold(real, with_pidfd);
      refuse_system_call(SYS_pidfd_send_signal, error);
      EXPECT_EQ(member.unreaped(), 1);
      ASSERT_EQ(member.send(SIGTERM), 0);
      real.await_death();
      real.reap();
      EXPECT_EQ(member.send(SIGTERM), -ESRCH);
      EXPECT_EQ(member.unreaped(), 0);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(With, FamilyMemberTest, testing::Bool(),
                         [](const auto& each) { return each.param ? "Pidfd" : "Pid"; });

}  // namespace
}  // namespace pipe_core
