#include "loop.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "descriptors.h"
#include "forked.h"
#include "worlds.h"

namespace pipe_core {
namespace {

class LoopTest : public InEachWorld {
 protected:
  // What an embedder does that knows nothing but our descriptor.
  void step_until(uint32_t token) {
    while (loop().next_finished() != token) {
      ASSERT_TRUE(becomes_readable(loop().foreign_fd()));
      loop().run(false);
    }
  }
};

TEST_P(LoopTest, NamesItsReaper) {
  const bool forced = std::string(GetParam().reaper) == "sigchld";
  EXPECT_STREQ(loop().reaper().name(), forced ? "sigchld" : "pidfd");
}

TEST_P(LoopTest, DoesNotSleepWhenNobodyWaits) {
  loop().run(true);
  const auto process = spawn({"cat"});
  loop().run(true);
  EXPECT_EQ(loop().next_finished(), 0U);
}

TEST_P(LoopTest, DoesNotSleepOverWhatHasEndedAlready) {
  const auto process = spawn({"cat"});
  pipe_slice slice;
  Reader& output = process->output(PIPE_STDOUT);
  ASSERT_EQ(output.read({PIPE_READ_ALL, 0}, &slice), PIPE_AGAIN);
  ASSERT_EQ(output.start(7, 0), 0);
  ASSERT_EQ(loop().timers().start(loop(), 1e9, 8), 0);
  process->shutdown(PIPE_STDOUT);
  loop().run(true);
  EXPECT_EQ(loop().next_finished(), 7U);
}

TEST_P(LoopTest, TimeoutIsNoneUnlessATimerRuns) {
  EXPECT_EQ(loop().timeout(), -1);
  ASSERT_EQ(loop().timers().start(loop(), 1e6, 7), 0);
  loop().run(false);  // until then libuv may want a turn at once, for what it has not told the kernel yet
  EXPECT_GT(loop().timeout(), 0);
  EXPECT_LE(loop().timeout(), 1e6 + 1);
}

TEST_P(LoopTest, TimeoutIsZeroWhileATokenWaits) {
  ASSERT_EQ(loop().timers().start(loop(), 0, 7), 0);
  loop().run(false);
  EXPECT_EQ(loop().timeout(), 0);
  EXPECT_EQ(loop().next_finished(), 7U);
  EXPECT_EQ(loop().timeout(), -1);
}

// A machine may take its time between a look and a glance: until once it does not.
TEST_P(LoopTest, GlancesAtTheKernelOnlyAMomentAfterTheLastLook) {
  for (int glances = 0; glances < 2;) {
    loop().run(false);
    ASSERT_EQ(loop().timers().start(loop(), 0, 7), 0);
    glances = 0;
    for (uint32_t token = 0; token == 0; ++glances) {
      loop().glance();
      token = loop().next_finished();
    }
  }
}

TEST_P(LoopTest, DescriptorIsOneForAllItsLifeAndQuietWhenThereIsNothingToDo) {
  const int fd = loop().foreign_fd();
  EXPECT_GT(fd, 2);
  loop().run(false);
  EXPECT_FALSE(loop_->wakes_others());
  EXPECT_EQ(loop().foreign_fd(), fd);
  loop().wake();
  EXPECT_TRUE(loop_->wakes_others());
  loop().run(false);
  EXPECT_FALSE(loop_->wakes_others());
}

TEST_P(LoopTest, DescriptorTellsOfTimersReadsWritesAndExits) {
  ASSERT_GT(loop().foreign_fd(), 2);
  ASSERT_EQ(loop().timers().start(loop(), 2, 7), 0);
  step_until(7);
  const auto process = spawn(Command::shell("read x; echo $x; read x"));
  pipe_slice slice;
  pipe_exit exit;
  Reader& output = process->output(PIPE_STDOUT);
  ASSERT_EQ(output.read({PIPE_READ_LINE, 0}, &slice), PIPE_AGAIN);
  ASSERT_EQ(output.start(8, 0), 0);
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(process->channel(PIPE_EXIT)->start(9, 0), 0);
  EXPECT_EQ(write(*process, "line\n"), (Written{PIPE_OK, 5}));
  step_until(8);
  EXPECT_EQ(result_of(output), (Told{PIPE_OK, "line"}));
  process->shutdown(PIPE_STDIN);
  step_until(9);
  EXPECT_EQ(process->wait_result(&exit), PIPE_OK);
}

TEST_P(LoopTest, DescriptorTellsOfWhatWasStartedBeforeItWasOpened) {
  ASSERT_EQ(loop().timers().start(loop(), 0, 7), 0);
  step_until(7);
}

TEST_P(LoopTest, DescriptorTellsOfWhatEndedOutsideATurn) {
  const auto process = spawn({"cat"});
  pipe_slice slice;
  Reader& output = process->output(PIPE_STDOUT);
  ASSERT_EQ(output.read({PIPE_READ_ALL, 0}, &slice), PIPE_AGAIN);
  ASSERT_EQ(output.start(7, 0), 0);
  ASSERT_GT(loop().foreign_fd(), 2);
  loop().run(false);
  ASSERT_FALSE(loop_->wakes_others());
  process->shutdown(PIPE_STDOUT);
  EXPECT_TRUE(loop_->wakes_others());
}

TEST_P(LoopTest, DescriptorTellsOfAnOrphansEndSoThatASteppedLoopReapsIt) {
  auto process = spawn({"cat"});
  ASSERT_GT(loop().foreign_fd(), 2);
  loop().run(false);
  process.reset();
  while (loop().children() > 0) {
    ASSERT_TRUE(becomes_readable(loop().foreign_fd()));
    loop().run(false);
  }
}

// The next child with the same pid is the same process here: what is meant for the former one would reach it.
TEST_P(LoopTest, LosesAChildWhosePidIsAnothersNowAndTouchesThatOneNoMore) {
  auto former = spawn({"cat"});
  pipe_exit exit;
  ASSERT_EQ(former->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(former->channel(PIPE_EXIT)->start(7, 0), 0);
  loop().run(false);
  loop().adopt(std::make_unique<Child>(former->pid(), UniqueFd()));
  EXPECT_EQ(loop().next_finished(), 7U);
  EXPECT_EQ(former->wait_result(&exit), -ECHILD);
  EXPECT_EQ(loop().children(), 1U);
  EXPECT_EQ(former->kill(SIGKILL), PIPE_EXITED);
  EXPECT_EQ(write(*former, "lives\n"), (Written{PIPE_OK, 6}));
  EXPECT_EQ(read_line(*former), (Told{PIPE_OK, "lives"}));
  former.reset();
  loop_.reset();
  EXPECT_FALSE(has_children()) << "the other one is to be killed and reaped with its loop";
}

TEST_P(LoopTest, LosesAnOrphanWhosePidIsAnothersNow) {
  Command command = {"sleep", "1000"};
  command.options.flags = PIPE_SPAWN_DETACHED;
  const pid_t pid = spawn(command)->pid();
  auto child = std::make_unique<Child>(pid, UniqueFd());
  Child& next = *child;
  loop().adopt(std::move(child));
  EXPECT_EQ(loop().children(), 1U);
  loop().orphan(next);
  EXPECT_EQ(::kill(pid, SIGKILL), 0);
  await_death(pid);
  loop().reap_orphans();
  EXPECT_EQ(loop().children(), 0U);
  EXPECT_FALSE(has_children());
}

TEST_P(LoopTest, EightInEightThreadsDoNotKnowEachOther) {
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([number] {
      RunningLoop own;
      for (int round = 0; round < 25; ++round) {
        const auto process = spawn(own, {"cat"});
        const std::string line = std::to_string(number) + "-" + std::to_string(round);
        EXPECT_EQ(pipe_core::write(own, process->input(), line), (Written{PIPE_OK, double(line.size())}));
        process->shutdown(PIPE_STDIN);
        // End of file comes only if no child of another thread has got this one's pipe.
        EXPECT_EQ(pipe_core::read_all(own, process->output(PIPE_STDOUT)), (Told{PIPE_OK, line}));
        pipe_exit exit;
        if (process->wait(&exit) != PIPE_AGAIN) continue;
        ASSERT_EQ(process->channel(PIPE_EXIT)->start(7, 0), 0);
        EXPECT_EQ(own.next_token(), 7U);
        EXPECT_EQ(process->wait_result(&exit), PIPE_OK);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_FALSE(has_children());
}

TEST_P(LoopTest, OpensOrSaysWhyAndNeverDiesWhenDescriptorsRunOut) {
  const World world = GetParam();
  in_forked_process([world] {
    world.enter();
    rlimit limit;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto before = open_descriptors();
    const auto top = static_cast<rlim_t>(before.rbegin()->first);
    bool opened = false;
    for (rlim_t spare = 0; !opened; ++spare) {
      const rlimit few = {top + 1 + spare, limit.rlim_max};
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
      Loop* loop = nullptr;
      const int status = Loop::open(RunningLoop::kMaxResult, &loop);
      opened = status == 0;
      if (opened) loop->unref();
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      EXPECT_TRUE(opened || status == -EMFILE) << status;
      EXPECT_EQ(opened, loop != nullptr);
      EXPECT_EQ(open_descriptors(), before);
      ASSERT_LT(spare, 32U);
    }
  });
}

TEST_P(LoopTest, KeepsOffTheHostsOwnThreeWhicheverOfThoseAreClosed) {
  const World world = GetParam();
  for (unsigned closed = 1; closed < 8; ++closed) {
    in_forked_process([world, closed] {
      world.enter();
      close_stdio(closed);
      Loop* loop = nullptr;
      if (Loop::open(RunningLoop::kMaxResult, &loop) != 0) ::_exit(2);  // not by gtest, which prints to 1
      if (loop->foreign_fd() < 3) ::_exit(3);
      pipe_failure failure;
      Process* process = nullptr;
      if (Process::spawn(*loop, Command{"cat"}.options, &failure, &process) != 0) ::_exit(4);
      pipe_exit exit;
      if (process->wait(&exit) != PIPE_AGAIN || process->channel(PIPE_EXIT)->start(7, 0) != 0) ::_exit(5);
      if (process->shutdown(PIPE_STDIN) != PIPE_OK) ::_exit(5);
      while (loop->next_finished() != 7) loop->run(true);
      if (!closed_stdio_is(closed)) ::_exit(6);
      delete process;
      loop->unref();
    });
  }
}

INSTANTIATE_TEST_SUITE_P(In, LoopTest, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
