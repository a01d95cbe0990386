// Signals that are taken from the host, and what they do in its copies. (What is beside the host's own handlers:
// self_pipe_handlers_test.cc.)
#include "dispositions.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <sched.h>
#include <thread>

#include "descriptors.h"
#include "forked.h"
#include "raw_syscall.h"
#include "signal_watcher.h"

namespace pipe_core {
namespace {

constexpr auto kBeside = Dispositions::Claim::kBeside;
constexpr auto kInstead = Dispositions::Claim::kInstead;

volatile sig_atomic_t host_calls = 0;
struct sigaction overridden = {};
void host_handler(int) { host_calls = host_calls + 1; }
void handler_that_calls_the_one_before(int signum, siginfo_t* info, void* context) {
  host_calls = host_calls + 1;
  if (overridden.sa_flags & SA_SIGINFO) overridden.sa_sigaction(signum, info, context);
}

class TakenSignal : public testing::Test {
 protected:
  void SetUp() override { host_calls = 0; }
  void TearDown() override {
    ::signal(SIGUSR1, SIG_DFL);
    ::signal(SIGCHLD, SIG_DFL);
  }
};

TEST_F(TakenSignal, DoesNotReachTheHostsHandlerUntilItIsGivenBack) {
  ::signal(SIGUSR1, host_handler);
  Watcher first(kInstead);
  Watcher second(kInstead);
  ASSERT_EQ(first.watch(SIGUSR1), 0);
  ASSERT_EQ(second.watch(SIGUSR1), 0);
  ::raise(SIGUSR1);
  first.pipe->unwatch(SIGUSR1);
  ::raise(SIGUSR1);
  EXPECT_EQ(host_calls, 0);
  EXPECT_EQ(second.next(SIGUSR1), 2U);
  second.pipe->unwatch(SIGUSR1);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, host_handler);
}

TEST_F(TakenSignal, MayBeOneThatTheHostIgnores) {
  ::signal(SIGUSR1, SIG_IGN);
  Watcher taker(kInstead);
  ASSERT_EQ(taker.watch(SIGUSR1), 0);
  EXPECT_EQ(disposition(SIGUSR1).sa_flags & SA_RESTART, SA_RESTART);
  ::raise(SIGUSR1);
  EXPECT_EQ(taker.next(SIGUSR1), 1U);
  Watcher other;
  EXPECT_EQ(other.watch(SIGUSR1), -EINVAL);  // the host's choice still
  taker.pipe->unwatch(SIGUSR1);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_IGN);
}

TEST_F(TakenSignal, ThatTheHostIgnoresIsIgnoredAgainWhoeverElseWatches) {
  Watcher other;
  ASSERT_EQ(other.watch(SIGUSR1), 0);
  ::signal(SIGUSR1, SIG_IGN);
  for (int round = 0; round < 2; ++round) {
    Watcher taker(kInstead);
    ASSERT_EQ(taker.watch(SIGUSR1), 0);
    ::raise(SIGUSR1);
    EXPECT_EQ(taker.next(SIGUSR1), 1U);
    taker.pipe->unwatch(SIGUSR1);
    EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_IGN);
  }
  other.pipe->unwatch(SIGUSR1);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_IGN);
}

TEST_F(TakenSignal, IfItIsSigchldReachesTheHostsHandlerToo) {
  ::signal(SIGCHLD, host_handler);
  Watcher taker(kInstead);
  ASSERT_EQ(taker.watch(SIGCHLD), 0);
  ::raise(SIGCHLD);
  EXPECT_EQ(host_calls, 1);
  EXPECT_EQ(taker.next(SIGCHLD), 1U);
}

TEST_F(TakenSignal, IsTakenAlsoFromAHandlerThatWasPutOverOursAndMayCallIt) {
  in_forked_process([] {  // where it stays in mind for good
    ::signal(SIGUSR1, host_handler);
    Watcher taker(kInstead);
    ASSERT_EQ(taker.watch(SIGUSR1), 0);
    struct sigaction over = {};
    over.sa_sigaction = handler_that_calls_the_one_before;
    over.sa_flags = SA_SIGINFO;
    ASSERT_EQ(::sigaction(SIGUSR1, &over, &overridden), 0);
    taker.pipe->unwatch(SIGUSR1);
    EXPECT_EQ(disposition(SIGUSR1).sa_sigaction, handler_that_calls_the_one_before);

    ASSERT_EQ(taker.watch(SIGUSR1), 0);
    ::raise(SIGUSR1);
    EXPECT_EQ(host_calls, 0);
    EXPECT_EQ(taker.next(SIGUSR1), 1U);

    taker.pipe->unwatch(SIGUSR1);
    EXPECT_EQ(disposition(SIGUSR1).sa_sigaction, handler_that_calls_the_one_before);
    ::raise(SIGUSR1);  // theirs, ours, and the one below ours
    EXPECT_EQ(host_calls, 2);

    Watcher beside;
    ASSERT_EQ(beside.watch(SIGUSR1), 0);
    ::raise(SIGUSR1);
    EXPECT_EQ(host_calls, 4);
    EXPECT_EQ(beside.next(SIGUSR1), 1U);
  });
}

TEST_F(TakenSignal, MayBeTakenByTurnsFromManyHandlers) {
  void (*const hosts[])(int) = {SIG_DFL, SIG_IGN, host_handler};
  for (int round = 0; round < 30; ++round) {
    ::signal(SIGUSR1, hosts[round % 3]);
    Watcher taker(kInstead);
    ASSERT_EQ(taker.watch(SIGUSR1), 0);
    ::raise(SIGUSR1);
    EXPECT_EQ(taker.next(SIGUSR1), 1U);
    taker.pipe->unwatch(SIGUSR1);
    EXPECT_EQ(disposition(SIGUSR1).sa_handler, hosts[round % 3]);
  }
  EXPECT_EQ(host_calls, 0);
}

TEST_F(TakenSignal, LeavesErrnoAlone) {
  Watcher taker(kInstead);
  ASSERT_EQ(taker.watch(SIGUSR1), 0);
  constexpr int kMoreThanAPipeHolds = 70000;
  errno = 4321;
  for (int i = 0; i < kMoreThanAPipeHolds; ++i) ::raise(SIGUSR1);
  EXPECT_EQ(errno, 4321);
}

// A copy that no pthread_atfork(3) handler knows of.
template <class Body>
int status_of_raw_copy(Body body) {
  const long pid = raw_syscall(SYS_clone, SIGCHLD);
  if (pid == 0) {
    body();
    ::_exit(0);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(static_cast<pid_t>(pid), &status, 0), pid);
  return status;
}

// Not raise(3), which may know of the parent's thread only; nor a raw system call, after which ThreadSanitizer would
// keep the signal for later.
void raise_here() { ::kill(::getpid(), SIGUSR1); }

TEST_F(TakenSignal, EndsACopyOfTheHostIfThatIsItsDefault) {
  for (const auto claim : {kBeside, kInstead}) {
    Watcher watcher(claim);
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    EXPECT_EQ(status_of_raw_copy(raise_here), SIGUSR1);
    EXPECT_EQ(status_of_forked(raise_here), SIGUSR1);
    watcher.turn();
    EXPECT_EQ(watcher.come(SIGUSR1), 0U);
    ::raise(SIGUSR1);
    EXPECT_EQ(watcher.next(SIGUSR1), 1U);
  }
}

TEST_F(TakenSignal, EndsAVforkedChildIfThatIsItsDefaultThoughMemoryIsShared) {
  Watcher watcher(kInstead);
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  const pid_t pid = ::vfork();
  if (pid == 0) {
    raise_here();
    ::_exit(1);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(status, SIGUSR1);
  watcher.turn();
  EXPECT_EQ(watcher.come(SIGUSR1), 0U);
  ::raise(SIGUSR1);
  EXPECT_EQ(watcher.next(SIGUSR1), 1U);
}

TEST_F(TakenSignal, DoesInACopyWhatTheHostHadChosen) {
  for (const auto host : {SIG_IGN, host_handler}) {
    ::signal(SIGUSR1, host);
    Watcher watcher(kInstead);
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    const int calls = host == SIG_IGN ? 0 : 1;
    const auto body = [&] {
      host_calls = 0;
      raise_here();
      if (host_calls != calls || disposition(SIGUSR1).sa_handler != host) ::_exit(1);
      raise_here();
      if (host_calls != 2 * calls) ::_exit(2);
    };
    EXPECT_EQ(status_of_raw_copy(body), 0);
    EXPECT_EQ(status_of_forked(body), 0);
    EXPECT_EQ(host_calls, 0);
  }
}

// In a pid namespace of its own a copy of process 1 is process 1.
TEST_F(TakenSignal, DoesNotReachTheHostFromACopyWithTheSamePid) {
  const auto as_process_1 = [](auto body) {
    if (::unshare(CLONE_NEWPID) != 0) ::_exit(77);
    int status = -1;
    const long pid = raw_syscall(SYS_clone, SIGCHLD);
    if (pid == 0) {
      body();
      ::_exit(::testing::Test::HasFailure() ? 1 : 0);
    }
    ::waitpid(static_cast<pid_t>(pid), &status, 0);
    if (status != 0) ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
  };
  const int status = status_of_forked([&] {
    as_process_1([&] {
      ::signal(SIGUSR1, host_handler);
      Watcher watcher(kInstead);
      ASSERT_EQ(watcher.watch(SIGUSR1), 0);
      as_process_1([] {
        raise_here();
        if (::getpid() != 1 || host_calls != 1) ::_exit(3);
      });
      watcher.turn();
      EXPECT_EQ(watcher.come(SIGUSR1), 0U);
      raise_here();
      EXPECT_EQ(watcher.next(SIGUSR1), 1U);
    });
  });
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "no right to make a pid namespace";
  EXPECT_EQ(status, 0);
}

TEST_F(TakenSignal, IsCaughtAnewInACopyThatTheSignalHasReachedBefore) {
  ::signal(SIGUSR1, host_handler);
  Watcher inherited(kInstead);
  ASSERT_EQ(inherited.watch(SIGUSR1), 0);
  ::raise(SIGUSR1);
  in_forked_process([&] {
    raise_here();
    EXPECT_EQ(host_calls, 1);
    inherited.pipe->abandon();
    for (const auto claim : {kBeside, kInstead}) {
      Watcher own(claim);
      ASSERT_EQ(own.watch(SIGUSR1), 0);
      own.turn();
      EXPECT_EQ(own.come(SIGUSR1), 0U);  // the parent's is not ours
      raise_here();
      EXPECT_EQ(own.next(SIGUSR1), 1U);
      EXPECT_EQ(host_calls, 2);
    }
    EXPECT_EQ(disposition(SIGUSR1).sa_handler, host_handler);
  });
}

// A thread that was in the handler at that moment is not there in the copy, and must not be waited for.
TEST_F(TakenSignal, MayComeWhileTheHostForks) {
  Watcher watcher(kInstead);
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  std::atomic<bool> done = false;
  std::thread flood([&] {
    while (!done) ::raise(SIGUSR1);
  });
  for (int round = 0; round < 200; ++round) {
    in_forked_process([&] {
      watcher.pipe->abandon();
      Watcher own(kInstead);
      ASSERT_EQ(own.watch(SIGUSR1), 0);
      own.pipe->unwatch(SIGUSR1);
    });
  }
  done = true;
  flood.join();
}

}  // namespace
}  // namespace pipe_core
