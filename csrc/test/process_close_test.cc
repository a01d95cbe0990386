// The end of a process's handle: closed or freed, at any time, and in any order.
#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "descriptors.h"
#include "worlds.h"

namespace pipe_core {
namespace {

class ProcessClose : public InEachWorld {
 protected:
  ProcessClose() { EXPECT_GT(loop().foreign_fd(), 2); }
  // By the descriptor: a blocking turn may sleep on when it has reaped an orphan, for whom nobody waits.
  void run_until_all_are_reaped() {
    while (loop().children() > 0) {
      ASSERT_TRUE(becomes_readable(loop().foreign_fd()));
      loop().run(false);
    }
  }
};

TEST_P(ProcessClose, KillsAndTheLoopReaps) {
  const auto process = spawn({"cat"});
  const pid_t pid = process->pid();
  process->close();
  run_until_all_are_reaped();
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_EQ(process->pid(), pid);
  process->close();
}

TEST_P(ProcessClose, AnswersClosedAndExitedFromThenOn) {
  const auto process = spawn({"cat"});
  process->close();
  pipe_exit exit;
  EXPECT_EQ(process->wait(&exit), PIPE_EXITED);
  EXPECT_EQ(process->try_wait(&exit), PIPE_EXITED);
  EXPECT_EQ(process->kill(0), PIPE_EXITED);
  EXPECT_EQ(read_all(*process), (Told{PIPE_CLOSED, ""}));
  EXPECT_EQ(write(*process, "x"), (Written{PIPE_CLOSED, 0}));
  for (const int channel : {PIPE_STDIN, PIPE_STDOUT, PIPE_STDERR}) EXPECT_EQ(process->shutdown(channel), PIPE_CLOSED);
}

TEST_P(ProcessClose, StillTellsAnExitThatWasKnownBefore) {
  const auto process = spawn(Command::shell("exit 7"));
  await_death(process->pid());
  process->close();
  pipe_exit exit;
  EXPECT_EQ(process->try_wait(&exit), PIPE_OK);
  EXPECT_EQ(exit, (pipe_exit{0, 7}));
  EXPECT_EQ(process->wait(&exit), PIPE_EXITED);
}

TEST_P(ProcessClose, AbortsWhateverWaits) {
  const auto process = spawn({"cat"});
  pipe_slice slice;
  pipe_exit exit;
  const std::string much(size_t{4} << 20, 'x');
  const pipe_slice all = {much.data(), much.size()};
  double written;
  ASSERT_EQ(process->output(PIPE_STDERR).read({PIPE_READ_ALL, 0}, &slice), PIPE_AGAIN);
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(process->input().write(&all, 1, &written), PIPE_AGAIN);
  for (const int channel : {PIPE_STDIN, PIPE_STDERR, PIPE_EXIT}) {
    ASSERT_EQ(process->channel(channel)->start(static_cast<uint32_t>(channel + 1), 0), 0);
  }
  process->close();
  uint32_t sum = 0;
  for (int i = 0; i < 3; ++i) sum += loop_->next_token();
  EXPECT_EQ(sum, 1U + 3U + 4U);
  EXPECT_EQ(process->input().result(&written), PIPE_ABORTED);
  EXPECT_GT(written, 0);
  EXPECT_EQ(result_of(process->output(PIPE_STDERR)), (Told{PIPE_ABORTED, ""}));
  EXPECT_EQ(process->wait_result(&exit), PIPE_ABORTED);
}

TEST_P(ProcessClose, DoesNotTakeBackWhatHasEndedAlready) {
  const auto process = spawn({"cat"});
  pipe_exit exit;
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(process->channel(PIPE_EXIT)->start(7, 0), 0);
  EXPECT_EQ(process->kill(SIGTERM), PIPE_OK);
  EXPECT_EQ(loop_->next_token(), 7U);
  process->close();
  EXPECT_EQ(process->wait_result(&exit), PIPE_OK);
  EXPECT_EQ(exit, (pipe_exit{1, SIGTERM}));
}

TEST_P(ProcessClose, GivesEveryDescriptorBack) {
  const auto before = open_descriptors();
  const auto process = spawn({"cat"});
  process->close();
  run_until_all_are_reaped();
  loop().run(false);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(ProcessClose, OrphansAreReapedByTheNextSpawnIfTheLoopDoesNotRun) {
  constexpr int kMany = 20;
  std::vector<pid_t> pids;
  for (int i = 0; i < kMany; ++i) pids.push_back(spawn({"cat"})->pid());  // freed at once
  for (const pid_t pid : pids) {
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);  // ECHILD: a spawn has reaped it already
  }
  const auto process = spawn({"cat"});
  EXPECT_EQ(loop().children(), 1U);
}

TEST_P(ProcessClose, OrphansDoNotDisturbThoseWhoStillHaveAHandle) {
  const auto lives = spawn({"cat"});
  for (int i = 0; i < 10; ++i) spawn({"cat"});
  EXPECT_EQ(write(*lives, "still here\n"), (Written{PIPE_OK, 11}));
  EXPECT_EQ(read_line(*lives), (Told{PIPE_OK, "still here"}));
  pipe_exit exit;
  EXPECT_EQ(lives->try_wait(&exit), PIPE_RUNNING);
}

TEST_P(ProcessClose, TheLastReferenceKillsAndReapsWhateverTheOrder) {
  const auto kept_alive = [this] {
    auto process = spawn({"cat"});
    loop_.reset();
    return process;
  };
  auto process = kept_alive();
  const pid_t pid = process->pid();
  EXPECT_EQ(::kill(pid, 0), 0);
  EXPECT_EQ(process->kill(0), PIPE_OK);
  process.reset();
  EXPECT_EQ(::kill(pid, 0), -1);
  EXPECT_FALSE(has_children());
}

TEST_P(ProcessClose, TheLoopEndsWithManyLivingChildren) {
  std::vector<std::unique_ptr<Process>> processes;
  for (int i = 0; i < 20; ++i) processes.push_back(spawn(Command::shell("trap '' TERM HUP INT; exec cat")));
  loop_.reset();
  EXPECT_TRUE(has_children());
  processes.clear();
  EXPECT_FALSE(has_children());
}

TEST_P(ProcessClose, FreedWithinAnArmedWaitThatWasCancelled) {
  auto process = spawn({"cat"});
  pipe_exit exit;
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(process->channel(PIPE_EXIT)->start(7, 1000000), 0);
  loop().run(false);
  process->channel(PIPE_EXIT)->cancel();
  process.reset();
  run_until_all_are_reaped();
  EXPECT_EQ(loop().next_finished(), 0U);
}

INSTANTIATE_TEST_SUITE_P(In, ProcessClose, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
