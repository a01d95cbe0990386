#include "signals.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <map>
#include <thread>

#include "descriptors.h"
#include "forked.h"
#include "running_loop.h"
#include "signal_watcher.h"

namespace pipe_core {
namespace {

constexpr uint32_t kToken = 77;

// One pass: what is told, by signal.
std::map<int, uint32_t> told(Signals& signals) {
  std::map<int, uint32_t> all;
  uint32_t count;
  for (int signum = signals.next(&count); signum != 0; signum = signals.next(&count)) all[signum] = count;
  EXPECT_EQ(count, 0U);
  return all;
}

using Told = std::map<int, uint32_t>;

TEST(Signals, AreToldOnceWithTheirCountInTheOrderOfTheirNumbers) {
  RunningLoop loop;
  Signals& signals = loop->signals();
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  ASSERT_EQ(signals.watch(SIGHUP), 0);
  EXPECT_EQ(told(signals), Told());
  ::raise(SIGUSR1);
  ::raise(SIGHUP);
  ::raise(SIGUSR1);
  uint32_t count = 99;
  EXPECT_EQ(signals.next(&count), SIGHUP);
  EXPECT_EQ(count, 1U);
  EXPECT_EQ(signals.next(&count), SIGUSR1);
  EXPECT_EQ(count, 2U);
  EXPECT_EQ(signals.next(&count), 0);
  EXPECT_EQ(told(signals), Told());
}

TEST(Signals, EndTheWaitForThemAlsoIfTheyHaveComeBefore) {
  RunningLoop loop;
  Signals& signals = loop->signals();
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  for (const bool before : {false, true}) {
    if (before) ::raise(SIGUSR1);
    ASSERT_EQ(signals.start(kToken), 0);
    if (!before) ::raise(SIGUSR1);
    EXPECT_EQ(loop.next_token(), kToken);
    EXPECT_EQ(told(signals), Told({{SIGUSR1, 1}}));
  }
}

TEST(Signals, ThatTheLoopHasSeenAndNobodyHasAskedForEndTheNextWait) {
  RunningLoop loop;
  Signals& signals = loop->signals();
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  ::raise(SIGUSR1);
  loop->run(false);
  ASSERT_EQ(signals.start(kToken), 0);
  EXPECT_EQ(loop->next_finished(), kToken);
  ASSERT_EQ(signals.start(kToken + 1), 0);  // they have not been told yet
  EXPECT_EQ(loop->next_finished(), kToken + 1);
  EXPECT_EQ(told(signals), Told({{SIGUSR1, 1}}));
  ASSERT_EQ(signals.start(kToken), 0);
  loop->run(false);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Signals, HaveOneWaitAtATime) {
  RunningLoop loop;
  Signals& signals = loop->signals();
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  EXPECT_EQ(signals.start(0), UV_EINVAL);
  ASSERT_EQ(signals.start(kToken), 0);
  EXPECT_EQ(signals.start(kToken + 1), PIPE_BUSY);
  ::raise(SIGUSR1);
  loop->run(true);
  EXPECT_EQ(signals.start(kToken + 1), PIPE_BUSY);  // its token is in the queue
  EXPECT_EQ(loop->next_finished(), kToken);
  EXPECT_EQ(signals.start(kToken + 1), 0);
  EXPECT_EQ(loop->next_finished(), kToken + 1);
}

TEST(Signals, SurviveAWaitThatIsCancelled) {
  RunningLoop loop;
  Signals& signals = loop->signals();
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  for (const bool ended : {false, true}) {
    ASSERT_EQ(signals.start(kToken), 0);
    if (ended) {
      ::raise(SIGUSR1);
      loop->run(true);
    }
    signals.cancel();
    loop->run(false);
    EXPECT_EQ(loop->next_finished(), 0U);
  }
  EXPECT_EQ(told(signals), Told({{SIGUSR1, 1}}));
  signals.cancel();
}

TEST(Signals, OfOneNumberDoNotHideTheOthersHoweverOftenTheyCome) {
  RunningLoop loop;
  Signals& signals = loop->signals();
  ASSERT_EQ(signals.watch(SIGHUP), 0);
  ASSERT_EQ(signals.watch(SIGTERM), 0);
  ::raise(SIGTERM);
  uint32_t count;
  ::raise(SIGHUP);
  EXPECT_EQ(signals.next(&count), SIGHUP);
  ::raise(SIGHUP);
  EXPECT_EQ(signals.next(&count), SIGTERM);
  ::raise(SIGHUP);
  EXPECT_EQ(signals.next(&count), 0);
  EXPECT_EQ(signals.next(&count), SIGHUP);
  EXPECT_EQ(count, 2U);
}

TEST(Signals, AreForgottenWithTheLastToWatchAndTheirPipeIsClosed) {
  RunningLoop loop;
  loop->foreign_fd();
  const auto before = open_descriptors();
  Signals& signals = loop->signals();
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  ASSERT_EQ(signals.watch(SIGUSR2), 0);
  EXPECT_EQ(open_descriptors().size(), before.size() + 2);
  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  loop->run(false);
  ::raise(SIGUSR1);
  signals.unwatch(SIGUSR1);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
  EXPECT_EQ(told(signals), Told({{SIGUSR2, 1}}));
  signals.unwatch(SIGUSR1);
  signals.unwatch(SIGUSR2);
  EXPECT_EQ(open_descriptors(), before);
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  EXPECT_EQ(told(signals), Told());
  ::raise(SIGUSR1);
  EXPECT_EQ(told(signals), Told({{SIGUSR1, 1}}));
}

TEST(Signals, GoBackToTheHostWhenTheLoopEnds) {
  {
    RunningLoop loop;
    ASSERT_EQ(loop->signals().watch(SIGUSR1), 0);
    ASSERT_EQ(loop->signals().start(kToken), 0);
    ::raise(SIGUSR1);
  }
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
}

TEST(Signals, WakeOtherEventLoops) {
  RunningLoop loop;
  Signals& signals = loop->signals();
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  ASSERT_EQ(signals.start(kToken), 0);
  loop->foreign_fd();
  loop->run(false);
  EXPECT_FALSE(loop.wakes_others());
  ::raise(SIGUSR1);
  EXPECT_TRUE(loop.wakes_others());
  EXPECT_EQ(loop.next_token(), kToken);
  EXPECT_EQ(told(signals), Told({{SIGUSR1, 1}}));
  ::raise(SIGUSR1);
  loop->run(false);
  EXPECT_FALSE(loop.wakes_others());  // nobody waits for it
  ASSERT_EQ(signals.start(kToken), 0);
  EXPECT_TRUE(loop.wakes_others());
}

TEST(Signals, MayBeAnyThatDoNotEndTheProcessUnderOurHands) {
  for (int signum = -1; signum <= 66; ++signum) {
    const bool refused = signum <= 0 || signum == SIGKILL || signum == SIGSTOP || signum == SIGSEGV ||
                         signum == SIGBUS || signum == SIGFPE || signum == SIGILL || signum == 32 || signum == 33 ||
                         signum > 64;
    EXPECT_EQ(Signals::can_watch(signum), !refused) << signum;
  }
  RunningLoop loop;
  for (int signum = -1; signum <= 66; ++signum) {
    EXPECT_EQ(loop->signals().watch(signum), Signals::can_watch(signum) ? 0 : -EINVAL) << signum;
    loop->signals().unwatch(signum);
  }
}

TEST(Signals, SayThatThereAreNoDescriptorsLeft) {
  RunningLoop loop;
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none = {3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const int status = loop->signals().watch(SIGUSR1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(status, -EMFILE);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
  EXPECT_EQ(loop->signals().watch(SIGUSR1), 0);
}

TEST(Signals, ReachEveryLoopThatWatchesThemWhateverThreadTheyAreSentTo) {
  constexpr int kRounds = 500;
  std::atomic<int> heard[2] = {};
  std::atomic<int> watching = 0;
  const auto listen = [&](std::atomic<int>& count) {
    RunningLoop loop;
    Signals& signals = loop->signals();
    ASSERT_EQ(signals.watch(SIGUSR1), 0);
    ++watching;
    while (count < kRounds) {
      ASSERT_EQ(signals.start(kToken), 0);
      ASSERT_EQ(loop.next_token(), kToken);
      for (const auto& [signum, times] : told(signals)) count += static_cast<int>(times);
    }
  };
  std::thread first([&] { listen(heard[0]); });
  std::thread second([&] { listen(heard[1]); });
  while (watching < 2) std::this_thread::yield();
  for (int round = 1; round <= kRounds; ++round) {
    if (round % 3 == 0) {
      ::pthread_kill(round % 2 == 0 ? first.native_handle() : second.native_handle(), SIGUSR1);
    } else {
      ::raise(SIGUSR1);
    }
    // Each in its turn: what is pending already is merged by the kernel.
    while (heard[0] < round || heard[1] < round) std::this_thread::yield();
  }
  first.join();
  second.join();
  EXPECT_EQ(heard[0], kRounds);
  EXPECT_EQ(heard[1], kRounds);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
}

TEST(Signals, AreCaughtAnewByALoopOfAForkedCopy) {
  RunningLoop loop;
  Signals& signals = loop->signals();
  ASSERT_EQ(signals.watch(SIGUSR1), 0);
  ::raise(SIGUSR1);
  in_forked_process([] {
    EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
    RunningLoop own;
    ASSERT_EQ(own->signals().watch(SIGUSR1), 0);
    EXPECT_EQ(told(own->signals()), Told());
    ::raise(SIGUSR1);
    EXPECT_EQ(told(own->signals()), Told({{SIGUSR1, 1}}));
    own->signals().unwatch(SIGUSR1);
    EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
  });
  EXPECT_EQ(told(signals), Told({{SIGUSR1, 1}}));
}

}  // namespace
}  // namespace pipe_core
