#include "fork_guard.h"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <latch>
#include <thread>
#include <vector>

#include "descriptors.h"
#include "forked.h"

namespace pipe_core {
namespace {

// What syscall(SYS_fork) is where the architecture still has it: no pthread_atfork(3) handler runs.
pid_t raw_fork() { return static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }

int raw_fork_and_wait(bool (*is_right)(uint64_t), uint64_t born) {
  const pid_t pid = raw_fork();
  if (pid == 0) ::_exit(is_right(born) ? 0 : 1);
  int status = -1;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

TEST(ForkGuard, GivesOneNumberForTheWholeLifeOfAProcess) {
  const uint64_t born = ForkGuard::generation();
  EXPECT_NE(born, 0U);
  EXPECT_EQ(ForkGuard::generation(), born);
  EXPECT_FALSE(ForkGuard::inherited(born));
}

TEST(ForkGuard, NoticesAFork) {
  const uint64_t born = ForkGuard::generation();
  in_forked_process([born] { EXPECT_TRUE(ForkGuard::inherited(born)); });
  EXPECT_FALSE(ForkGuard::inherited(born));
}

TEST(ForkGuard, NoticesARawForkThatRunsNoHandler) {
  const uint64_t born = ForkGuard::generation();
  EXPECT_EQ(raw_fork_and_wait(ForkGuard::inherited, born), 0);
  EXPECT_FALSE(ForkGuard::inherited(born));
}

TEST(ForkGuard, StillNoticesAfterTheChildHasGotANumberOfItsOwn) {
  const uint64_t born = ForkGuard::generation();
  in_forked_process([born] {
    const uint64_t mine = ForkGuard::generation();
    EXPECT_NE(mine, 0U);
    EXPECT_NE(mine, born);
    EXPECT_TRUE(ForkGuard::inherited(born));
    EXPECT_FALSE(ForkGuard::inherited(mine));
  });
}

TEST(ForkGuard, GivesAGrandchildANumberUnlikeAllItsAncestors) {
  const uint64_t born = ForkGuard::generation();
  in_forked_process([born] {
    const uint64_t mine = ForkGuard::generation();
    in_forked_process([born, mine] {
      EXPECT_TRUE(ForkGuard::inherited(born));
      EXPECT_TRUE(ForkGuard::inherited(mine));
      const uint64_t youngest = ForkGuard::generation();
      EXPECT_NE(youngest, born);
      EXPECT_NE(youngest, mine);
    });
    EXPECT_FALSE(ForkGuard::inherited(mine));
  });
}

// A copy has none of the other threads, nor anybody who would let go of what they held.
TEST(ForkGuard, GivesACopyANumberWhateverOtherThreadsWereDoing) {
  const uint64_t born = ForkGuard::generation();
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      while (!done) EXPECT_EQ(ForkGuard::generation(), born);
    });
  }
  for (int i = 0; i < 100; ++i) {
    in_forked_process([born] {
      EXPECT_NE(ForkGuard::generation(), born);
      EXPECT_TRUE(ForkGuard::inherited(born));
    });
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

TEST(ForkGuard, GivesAllThreadsOfACopyTheSameNumber) {
  in_forked_process([] {
    constexpr size_t kThreads = 8;
    std::vector<uint64_t> numbers(kThreads);
    std::vector<std::thread> threads;
    std::latch all_are_there(kThreads);
    for (uint64_t& number : numbers) {
      threads.emplace_back([&] {
        all_are_there.arrive_and_wait();
        number = ForkGuard::generation();
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(numbers, std::vector<uint64_t>(kThreads, ForkGuard::generation()));
  });
}

TEST(ForkGuard, ForgetsWhereTheKernelCannotWipe) {
  const uint64_t born = ForkGuard::generation();
  in_forked_process([] {
    const uint64_t mine = ForkGuard::generation();
    ForkGuard::forget();
    EXPECT_TRUE(ForkGuard::inherited(mine));
    EXPECT_NE(ForkGuard::generation(), mine);
  });
  EXPECT_EQ(ForkGuard::generation(), born);
}

}  // namespace
}  // namespace pipe_core
