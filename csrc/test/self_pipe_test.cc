#include "self_pipe.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>

#include "descriptors.h"
#include "forked.h"
#include "signal_watcher.h"

namespace pipe_core {
namespace {

TEST(SelfPipe, CountsEveryArrival) {
  Watcher watcher;
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  for (int i = 0; i < 5; ++i) ::raise(SIGUSR1);
  EXPECT_EQ(watcher.come(SIGUSR1), 0U);  // nothing happens outside the loop
  EXPECT_EQ(watcher.next(SIGUSR1), 5U);
  ::raise(SIGUSR1);
  EXPECT_EQ(watcher.next(SIGUSR1), 1U);
}

TEST(SelfPipe, TellsSignalsApart) {
  Watcher watcher;
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  ASSERT_EQ(watcher.watch(SIGUSR2), 0);
  ::raise(SIGUSR2);
  ::raise(SIGUSR2);
  ::raise(SIGUSR1);
  EXPECT_EQ(watcher.next(SIGUSR1), 1U);
  EXPECT_EQ(watcher.next(SIGUSR2), 2U);
}

TEST(SelfPipe, WatchedTwiceIsWatchedOnce) {
  Watcher watcher;
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  ::raise(SIGUSR1);
  EXPECT_EQ(watcher.next(SIGUSR1), 1U);
  watcher.pipe->unwatch(SIGUSR1);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
  watcher.pipe->unwatch(SIGUSR1);
}

TEST(SelfPipe, LosesNothingWhenThePipeIsFullAndLeavesErrnoAlone) {
  constexpr uint32_t kMoreThanAPipeHolds = 70000;
  Watcher watcher;
  ASSERT_EQ(watcher.watch(SIGHUP), 0);
  ASSERT_EQ(watcher.watch(SIGTERM), 0);
  errno = 4321;
  for (uint32_t i = 0; i < kMoreThanAPipeHolds; ++i) ::raise(SIGHUP);
  ::raise(SIGTERM);
  EXPECT_EQ(errno, 4321);
  EXPECT_EQ(watcher.next(SIGTERM), 1U);
  EXPECT_EQ(watcher.next(SIGHUP), kMoreThanAPipeHolds);
  watcher.turn();
  EXPECT_EQ(watcher.come(SIGHUP), 0U);
}

TEST(SelfPipe, SaysSoWhenThereIsNoDescriptorLeft) {
  Watcher watcher;
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit none = {3, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const int status = watcher.watch(SIGUSR1);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_EQ(status, UV_EMFILE);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
  EXPECT_EQ(watcher.watch(SIGUSR1), 0);
}

TEST(SelfPipe, ForgetsWhatCameBeforeItWasUnwatched) {
  Watcher watcher;
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  ::raise(SIGUSR1);
  watcher.pipe->unwatch(SIGUSR1);
  ASSERT_EQ(watcher.watch(SIGUSR1), 0);
  watcher.turn();
  EXPECT_EQ(watcher.come(SIGUSR1), 0U);
}

TEST(SelfPipe, MayBeUnwatchedByItsOwnCallback) {
  Watcher watcher;
  const auto unwatch = [](void* pipe, int signum, uint32_t) { static_cast<SelfPipe*>(pipe)->unwatch(signum); };
  ASSERT_EQ(watcher.pipe->watch(SIGUSR1, unwatch, watcher.pipe.get()), 0);
  ASSERT_EQ(watcher.watch(SIGUSR2), 0);
  ::raise(SIGUSR1);
  ::raise(SIGUSR2);
  EXPECT_EQ(watcher.next(SIGUSR2), 1U);
  EXPECT_EQ(disposition(SIGUSR1).sa_handler, SIG_DFL);
}

TEST(SelfPipe, OneOfTwoLoopsLeavesAndTheOtherStillHears) {
  Watcher stays;
  ASSERT_EQ(stays.watch(SIGUSR1), 0);
  {
    Watcher leaves;
    ASSERT_EQ(leaves.watch(SIGUSR1), 0);
  }
  ::raise(SIGUSR1);
  EXPECT_EQ(stays.next(SIGUSR1), 1U);
}

TEST(SelfPipe, InAForkedChildThatWatchesNoByteGoesWhereTheParentsPipeWas) {
  Watcher inherited;
  ASSERT_EQ(inherited.watch(SIGUSR1), 0);
  in_forked_process([&] {
    inherited.pipe->abandon();
    UniqueFd read_ends[16];
    UniqueFd write_ends[16];
    for (int i = 0; i < 16; ++i) {
      int ends[2];
      ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
      read_ends[i].reset(ends[0]);
      write_ends[i].reset(ends[1]);
    }
    Watcher own;
    ASSERT_EQ(own.watch(SIGUSR1), 0);
    ::raise(SIGUSR1);
    EXPECT_EQ(own.next(SIGUSR1), 1U);
    char byte;
    for (const UniqueFd& read_end : read_ends) EXPECT_EQ(::read(read_end.get(), &byte, 1), -1);
  });
}

}  // namespace
}  // namespace pipe_core
