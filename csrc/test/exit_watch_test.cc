#include "exit_watch.h"

#include <gtest/gtest.h>

#include <csignal>
#include <memory>
#include <set>
#include <vector>

#include "descriptors.h"
#include "forked.h"
#include "worlds.h"

namespace pipe_core {
namespace {

class ExitWatchTest : public InEachWorld {
 protected:
  static std::unique_ptr<ExitWatch> watch(Process& process, uint32_t token, uint32_t timeout_ms = 0) {
    auto watch = std::make_unique<ExitWatch>(process);
    EXPECT_EQ(watch->start(token, timeout_ms), 0);
    return watch;
  }
  // The tokens of the next that end, in any order.
  std::multiset<uint32_t> next_tokens(size_t count) {
    std::multiset<uint32_t> tokens;
    while (tokens.size() < count) tokens.insert(loop_->next_token());
    return tokens;
  }
};

using Tokens = std::multiset<uint32_t>;

TEST_P(ExitWatchTest, TellsOfAnExitWithoutUsingItUp) {
  const auto process = spawn(Command::shell("read x; exit 7"));
  const auto first = watch(*process, 7);
  process->shutdown(PIPE_STDIN);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(first->result(), PIPE_OK);
  pipe_exit exit = {};
  EXPECT_EQ(process->try_wait(&exit), PIPE_OK);
  EXPECT_EQ(process->wait(&exit), PIPE_OK);
  EXPECT_EQ(exit, (pipe_exit{0, 7}));
}

TEST_P(ExitWatchTest, SeveralAreToldBesideTheOneWhoWaits) {
  const auto process = spawn({"cat"});
  pipe_exit exit;
  const auto first = watch(*process, 7);
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(process->channel(PIPE_EXIT)->start(8, 0), PIPE_OK);
  const auto second = watch(*process, 9, 1000000);
  process->shutdown(PIPE_STDIN);
  EXPECT_EQ(next_tokens(3), (Tokens{7, 8, 9}));
  EXPECT_EQ(first->result(), PIPE_OK);
  EXPECT_EQ(second->result(), PIPE_OK);
  EXPECT_EQ(process->wait_result(&exit), PIPE_OK);
  EXPECT_EQ(loop().timeout(), -1) << "no timer is left";
}

TEST_P(ExitWatchTest, OfSeveralProcessesTellsWhichOneItWas) {
  const auto lives = spawn({"cat"});
  const auto ends = spawn({"cat"});
  const auto first = watch(*lives, 7);
  const auto second = watch(*ends, 8);
  EXPECT_EQ(ends->kill(SIGKILL), PIPE_OK);
  EXPECT_EQ(loop_->next_token(), 8U);
  EXPECT_EQ(second->result(), PIPE_OK);
  EXPECT_EQ(first->result(), UV_EINVAL) << "it has not ended";
}

TEST_P(ExitWatchTest, TimesOutAndLeavesTheOthersWaiting) {
  const auto process = spawn({"cat"});
  const auto patient = watch(*process, 7);
  const auto hasty = watch(*process, 8, 1);
  EXPECT_EQ(loop_->next_token(), 8U);
  EXPECT_EQ(hasty->result(), PIPE_TIMEOUT);
  process->shutdown(PIPE_STDIN);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(patient->result(), PIPE_OK);
  EXPECT_EQ(loop().next_finished(), 0U) << "the one that timed out is not told again";
}

TEST_P(ExitWatchTest, IsStartedAgainAfterItsEnd) {
  const auto process = spawn({"cat"});
  const auto again = watch(*process, 7, 1);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(again->start(8, 0), PIPE_BUSY) << "its result was not fetched";
  EXPECT_EQ(again->result(), PIPE_TIMEOUT);
  ASSERT_EQ(again->start(8, 0), 0);
  EXPECT_EQ(again->start(9, 0), PIPE_BUSY);
  process->shutdown(PIPE_STDIN);
  EXPECT_EQ(loop_->next_token(), 8U);
  EXPECT_EQ(again->result(), PIPE_OK);
}

TEST_P(ExitWatchTest, NeedsAToken) {
  const auto process = spawn({"cat"});
  ExitWatch watch(*process);
  EXPECT_EQ(watch.start(0, 0), UV_EINVAL);
  EXPECT_EQ(watch.result(), UV_EINVAL);
}

TEST_P(ExitWatchTest, TellsAtOnceOfAnExitThatIsKnown) {
  const auto process = spawn({"true"});
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  const auto late = watch(*process, 7);
  EXPECT_EQ(loop().next_finished(), 7U);
  EXPECT_EQ(late->result(), PIPE_OK);
}

TEST_P(ExitWatchTest, TellsOfAnExitThatNobodyHasNoticedYet) {
  const auto process = spawn({"true"});
  await_death(process->pid());
  const auto late = watch(*process, 7);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(late->result(), PIPE_OK);
}

TEST_P(ExitWatchTest, TellsOfAnExitThatAnotherCallNotices) {
  const auto process = spawn({"cat"});
  const auto watching = watch(*process, 7);
  EXPECT_EQ(process->kill(SIGKILL), PIPE_OK);
  await_death(process->pid());
  EXPECT_EQ(process->kill(0), PIPE_EXITED);
  EXPECT_EQ(loop().next_finished(), 7U);
  EXPECT_EQ(watching->result(), PIPE_OK);
}

TEST_P(ExitWatchTest, IsToldOfALostExitToo) {
  const auto process = spawn({"cat"});
  const auto watching = watch(*process, 7);
  process->shutdown(PIPE_STDIN);
  EXPECT_EQ(::waitpid(process->pid(), nullptr, 0), process->pid());
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(watching->result(), PIPE_OK);
}

TEST_P(ExitWatchTest, IsAbortedWhenTheProcessIsClosedBeforeOrAfterItsStart) {
  const auto process = spawn({"cat"});
  const auto before = watch(*process, 7);
  const auto timed = watch(*process, 8, 1000000);
  process->close();
  const auto after = watch(*process, 9);
  EXPECT_EQ(next_tokens(3), (Tokens{7, 8, 9}));
  for (const auto& each : {before.get(), timed.get(), after.get()}) EXPECT_EQ(each->result(), PIPE_ABORTED);
}

TEST_P(ExitWatchTest, OfAnExitKnownBeforeTheCloseIsNotAborted) {
  const auto process = spawn({"true"});
  await_death(process->pid());
  process->close();
  const auto after = watch(*process, 7);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(after->result(), PIPE_OK);
}

TEST_P(ExitWatchTest, IsAbortedByTheProcessThatIsFreedFirst) {
  auto process = spawn({"cat"});
  const auto watching = watch(*process, 7);
  process.reset();
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(watching->result(), PIPE_ABORTED);
}

TEST_P(ExitWatchTest, FreedFirstNeverTellsAnything) {
  const auto process = spawn({"cat"});
  auto waiting = watch(*process, 7, 1000000);
  auto ended = watch(*process, 8, 1);
  while (loop().timeout() != 0) loop().run(true);
  ended.reset();
  waiting.reset();
  process->shutdown(PIPE_STDIN);
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_EQ(loop().next_finished(), 0U);
  EXPECT_EQ(loop().timeout(), -1);
}

TEST_P(ExitWatchTest, KeepsTheLoopAliveWhateverIsFreedFirst) {
  auto process = spawn({"cat"});
  auto watching = watch(*process, 7, 1000000);
  loop_.reset();
  process.reset();
  EXPECT_EQ(watching->result(), PIPE_ABORTED);
  watching.reset();
  EXPECT_FALSE(has_children());
}

TEST_P(ExitWatchTest, WithATimeoutIsFreedAfterTheProcessAndBeforeTheLoop) {
  auto process = spawn({"cat"});
  auto watching = watch(*process, 7, 1000000);
  loop().run(false);
  process.reset();
  watching.reset();
  loop_.reset();
  EXPECT_FALSE(has_children());
}

TEST_P(ExitWatchTest, InAForkedCopyIsAbortedAndTheOriginalStillTold) {
  auto process = spawn({"cat"});
  auto watching = watch(*process, 7, 1000000);
  loop().run(false);
  const pid_t pid = process->pid();
  for (const bool process_goes_first : {false, true}) {
    in_forked_process([&] {
      EXPECT_EQ(watching->result(), PIPE_ABORTED);
      if (process_goes_first) process.reset();
      watching.reset();
      process.reset();
      loop_.reset();
      EXPECT_EQ(::kill(pid, 0), 0);
    });
  }
  process->shutdown(PIPE_STDIN);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(watching->result(), PIPE_OK);
}

INSTANTIATE_TEST_SUITE_P(In, ExitWatchTest, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
