// The self-pipe beside the host's own signal handlers: before, under, over and after them.
#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <latch>
#include <thread>

#include "descriptors.h"
#include "forked.h"
#include "self_pipe.h"
#include "signal_watcher.h"

namespace pipe_core {
namespace {

// The host's own handlers count, too.
std::atomic<int> host_calls = 0;
volatile sig_atomic_t host_sender = 0;
struct sigaction overridden = {};
void host_handler(int) { ++host_calls; }
void host_siginfo_handler(int, siginfo_t* info, void*) {
  ++host_calls;
  host_sender = info->si_pid;
}
void handler_that_calls_the_one_before(int signum, siginfo_t* info, void* context) {
  ++host_calls;
  overridden.sa_sigaction(signum, info, context);
}

class HostHandlers : public testing::Test {
 protected:
  void SetUp() override {
    host_calls = 0;
    host_sender = 0;
  }
  void TearDown() override { ::signal(SIGUSR1, SIG_DFL); }
};

TEST_F(HostHandlers, DefaultIsRestored) {
  {
    Watcher watcher;
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    EXPECT_NE(disposition(SIGUSR1).sa_handler, SIG_DFL);
    watcher.pipe->unwatch(SIGUSR1);
    EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  }
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
}

TEST_F(HostHandlers, AreCalledAndRestored) {
  ::signal(SIGUSR1, host_handler);
  Watcher watcher;
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  ::raise(SIGUSR1);
  EXPECT_EQ(host_calls, 1);
  EXPECT_EQ(watcher.next(SIGUSR1), 1U);
  watcher.pipe->unwatch(SIGUSR1);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, host_handler);
  ::raise(SIGUSR1);
  EXPECT_EQ(host_calls, 2);
}

TEST_F(HostHandlers, KeepTheirFlagsAndMask) {
  struct sigaction host = {};
  host.sa_sigaction = host_siginfo_handler;
  host.sa_flags = SA_SIGINFO | SA_NODEFER;
  ::sigaddset(&host.sa_mask, SIGWINCH);
  ASSERT_EQ(::sigaction(SIGUSR1, &host, nullptr), 0);
  Watcher watcher;
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  const struct sigaction ours = disposition(SIGUSR1);
  EXPECT_EQ(::sigismember(&ours.sa_mask, SIGWINCH), 1);
  EXPECT_EQ(ours.sa_flags & (SA_NODEFER | SA_RESTART), SA_NODEFER);
  ::kill(::getpid(), SIGUSR1);
  EXPECT_EQ(watcher.next(SIGUSR1), 1U);
  EXPECT_EQ(host_calls, 1);
  EXPECT_EQ(host_sender, ::getpid());
  watcher.pipe->unwatch(SIGUSR1);
  EXPECT_EQ(disposition(SIGUSR1).sa_sigaction, host_siginfo_handler);
  EXPECT_EQ(disposition(SIGUSR1).sa_flags & (SA_SIGINFO | SA_NODEFER | SA_RESTART), SA_SIGINFO | SA_NODEFER);
}

TEST_F(HostHandlers, StayWhenTheyWerePutOverOurs) {
  in_forked_process([] {  // where it stays in mind for good: that handler may call ours
    Watcher watcher;
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    ::signal(SIGUSR1, host_handler);
    watcher.pipe->unwatch(SIGUSR1);
    EXPECT_EQ(disposition(SIGUSR1).sa_handler, host_handler);
  });
}

TEST_F(HostHandlers, PutOverOursAndRemovedAgainMakeRoomForOurs) {
  in_forked_process([] {
    Watcher watcher;
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    ::signal(SIGUSR1, host_handler);
    watcher.pipe->unwatch(SIGUSR1);
    ::signal(SIGUSR1, SIG_DFL);
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    ASSERT_NE(disposition(SIGUSR1).sa_handler, SIG_DFL);
    ::raise(SIGUSR1);
    EXPECT_EQ(watcher.next(SIGUSR1), 1U);
  });
}

TEST_F(HostHandlers, PutOverOursPassSignalsOnAlsoWhenOursLeavesAndComesAgain) {
  in_forked_process([] {
    ::signal(SIGUSR1, host_handler);
    Watcher watcher;
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    struct sigaction over = {};
    over.sa_sigaction = handler_that_calls_the_one_before;
    over.sa_flags = SA_SIGINFO;
    ASSERT_EQ(::sigaction(SIGUSR1, &over, &overridden), 0);
    watcher.pipe->unwatch(SIGUSR1);
    ::raise(SIGUSR1);  // theirs, ours, and the one below ours
    EXPECT_EQ(host_calls, 2);
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    watcher.turn();
    EXPECT_EQ(watcher.come(SIGUSR1), 0U);
    ::raise(SIGUSR1);
    EXPECT_EQ(watcher.next(SIGUSR1), 1U);
    EXPECT_EQ(host_calls, 4);
  });
}

TEST_F(HostHandlers, MayBeOursPutBackAfterItLeft) {
  in_forked_process([] {
    Watcher watcher;
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    const struct sigaction saved = disposition(SIGUSR1);
    watcher.pipe->unwatch(SIGUSR1);
    ASSERT_EQ(::sigaction(SIGUSR1, &saved, nullptr), 0);
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    ::raise(SIGUSR1);
    EXPECT_EQ(watcher.next(SIGUSR1), 1U);
  });
}

TEST_F(HostHandlers, IgnoringASignalStay) {
  ::signal(SIGUSR1, SIG_IGN);
  Watcher watcher;
  EXPECT_EQ(watcher.watch(SIGUSR1), UV_EINVAL);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_IGN);
  watcher.pipe->unwatch(SIGUSR1);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_IGN);
}

TEST_F(HostHandlers, AndTwoLoopsInTwoThreadsAllHearOfIt) {
  ::signal(SIGUSR1, host_handler);
  std::latch both_watch(2);
  std::latch both_heard(2);
  const auto listen = [&] {
    Watcher watcher;
    ASSERT_EQ(watcher.watch(SIGUSR1), 0);
    both_watch.arrive_and_wait();
    EXPECT_GE(watcher.next(SIGUSR1), 1U);
    both_heard.arrive_and_wait();  // one that leaves early must not take the other's handler along
    watcher.pipe->unwatch(SIGUSR1);
  };
  std::thread first(listen);
  std::thread second(listen);
  both_watch.wait();
  ::kill(::getpid(), SIGUSR1);
  first.join();
  second.join();
  EXPECT_EQ(host_calls, 1);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, host_handler);
}

TEST_F(HostHandlers, HearOfEachWhileOursComesAndGoesInAnotherThread) {
  ::signal(SIGUSR1, host_handler);
  std::atomic<bool> done = false;
  std::thread coming_and_going([&] {
    for (int round = 0; round < 300; ++round) {
      Watcher watcher;
      ASSERT_EQ(watcher.watch(SIGUSR1), 0);
      ::raise(SIGUSR1);
      EXPECT_GE(watcher.next(SIGUSR1), 1U);
    }
    done = true;
  });
  while (!done) ::raise(SIGUSR1);
  coming_and_going.join();
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, host_handler);
}

}  // namespace
}  // namespace pipe_core
