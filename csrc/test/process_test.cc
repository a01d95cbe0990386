#include "process.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <sched.h>
#include <string>

#include "descriptors.h"
#include "worlds.h"

namespace pipe_core {
namespace {

class ProcessTest : public InEachWorld {};

constexpr pipe_exit exited(int code) { return {0, code}; }
constexpr pipe_exit killed(int signum) { return {1, signum}; }

TEST_P(ProcessTest, TellsItsExitOnce) {
  const auto process = spawn(Command::shell("exit 7"));
  pipe_exit exit = {};
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_EQ(exit, exited(7));
  EXPECT_EQ(process->wait(&exit), PIPE_EXITED);
  EXPECT_GT(process->pid(), 0);
  EXPECT_EQ(loop().children(), 0U);
}

TEST_P(ProcessTest, TellsTheSignalThatKilledIt) {
  const auto process = spawn({"cat"});
  EXPECT_EQ(process->kill(SIGTERM), PIPE_OK);
  pipe_exit exit = {};
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_EQ(exit, killed(SIGTERM));
}

TEST_P(ProcessTest, TellsAtOnceOfAnExitThatIsThereAlready) {
  const auto process = spawn({"true"});
  await_death(process->pid());
  pipe_exit exit = {1, 99};
  EXPECT_EQ(process->wait(&exit), PIPE_OK);
  EXPECT_EQ(exit, exited(0));
}

TEST_P(ProcessTest, HasOneWaiterAtATime) {
  const auto process = spawn({"cat"});
  pipe_exit exit;
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(process->channel(PIPE_EXIT)->start(7, 0), PIPE_OK);
  EXPECT_EQ(process->wait(&exit), PIPE_BUSY);
  EXPECT_EQ(process->channel(PIPE_EXIT)->start(8, 0), PIPE_BUSY);
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(process->wait(&exit), PIPE_BUSY);
  EXPECT_EQ(process->wait_result(&exit), PIPE_OK);
  EXPECT_EQ(exit, exited(0));
}

TEST_P(ProcessTest, WaitsAgainAfterATimeoutOrACancel) {
  const auto process = spawn({"cat"});
  Channel& exit_channel = *process->channel(PIPE_EXIT);
  pipe_exit exit;
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(exit_channel.start(7, 1), PIPE_OK);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(process->wait_result(&exit), PIPE_TIMEOUT);
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(exit_channel.start(8, 0), PIPE_OK);
  exit_channel.cancel();
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_EQ(exit, exited(0));
}

TEST_P(ProcessTest, TriesToWaitAsOftenAsOneLikes) {
  const auto process = spawn({"cat"});
  pipe_exit exit;
  EXPECT_EQ(process->try_wait(&exit), PIPE_RUNNING);
  EXPECT_EQ(process->kill(SIGKILL), PIPE_OK);
  await_death(process->pid());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(process->try_wait(&exit), PIPE_OK);
    EXPECT_EQ(exit, killed(SIGKILL));
  }
  EXPECT_EQ(process->wait(&exit), PIPE_OK);
  EXPECT_EQ(process->try_wait(&exit), PIPE_OK);
}

TEST_P(ProcessTest, AnExitNoticedByAnotherCallWakesTheOneWhoWaits) {
  const auto process = spawn({"cat"});
  pipe_exit exit;
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(process->channel(PIPE_EXIT)->start(7, 0), PIPE_OK);
  EXPECT_EQ(process->kill(SIGKILL), PIPE_OK);
  await_death(process->pid());
  EXPECT_EQ(process->kill(0), PIPE_EXITED);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(process->wait_result(&exit), PIPE_OK);
  EXPECT_EQ(exit, killed(SIGKILL));
}

TEST_P(ProcessTest, IsSignalledOnlyWhileItLives) {
  const auto process = spawn({"cat"});
  EXPECT_EQ(process->kill(0), PIPE_OK);
  for (const int signum : {-1, 65, 10000}) EXPECT_EQ(process->kill(signum), PIPE_INVALID_SIGNAL);
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  await_death(process->pid());  // nobody has waited yet
  EXPECT_EQ(process->kill(0), PIPE_EXITED);
  EXPECT_EQ(process->kill(SIGTERM), PIPE_EXITED);
  EXPECT_EQ(process->kill(10000), PIPE_INVALID_SIGNAL);
}

TEST_P(ProcessTest, IsLostWhenSomebodyElseReapsItAndNobodyHangs) {
  const auto process = spawn(Command::shell("read x; exit 7"));
  pipe_exit exit = {};
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(process->channel(PIPE_EXIT)->start(7, 0), PIPE_OK);
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(::waitpid(process->pid(), nullptr, 0), process->pid());
  EXPECT_EQ(loop_->next_token(), 7U);
  const int outcome = process->wait_result(&exit);
  if (outcome == PIPE_OK) {
    EXPECT_EQ(exit, exited(7)) << "Linux 6.15 remembers, if one has a pidfd";
  } else {
    EXPECT_EQ(outcome, -ECHILD);
  }
  EXPECT_EQ(process->try_wait(&exit), outcome);
  EXPECT_EQ(process->wait(&exit), PIPE_EXITED);
  EXPECT_EQ(process->kill(SIGTERM), PIPE_EXITED);
}

TEST_P(ProcessTest, ReadsAndWritesItsStreamsApart) {
  const auto process = spawn(Command::shell("read x; echo out $x; echo err $x >&2"));
  EXPECT_EQ(write(*process, "hi\n"), (Written{PIPE_OK, 3}));
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "out hi\n"}));
  EXPECT_EQ(pipe_core::read_all(*loop_, *process->output(PIPE_STDERR)), (Told{PIPE_OK, "err hi\n"}));
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
}

TEST_P(ProcessTest, HasNoStderrWhenThatIsMerged) {
  Command command = Command::shell("echo out; echo err >&2");
  command.options.merge_stderr = 1;
  const auto process = spawn(command);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "out\nerr\n"}));
  EXPECT_EQ(process->output(PIPE_STDERR), nullptr);
  EXPECT_EQ(process->channel(PIPE_STDERR), nullptr);
  EXPECT_EQ(process->shutdown(PIPE_STDERR), PIPE_MERGED);
}

TEST_P(ProcessTest, HasChannelsByTheirNumbersOnly) {
  const auto process = spawn({"true"});
  for (const int channel : {PIPE_STDIN, PIPE_STDOUT, PIPE_STDERR, PIPE_EXIT}) {
    EXPECT_NE(process->channel(channel), nullptr);
  }
  for (const int channel : {-1, 4}) {
    EXPECT_EQ(process->channel(channel), nullptr);
    EXPECT_EQ(process->output(channel), nullptr);
    EXPECT_EQ(process->shutdown(channel), UV_EINVAL);
  }
  EXPECT_EQ(process->output(PIPE_STDIN), nullptr);
  EXPECT_EQ(process->shutdown(PIPE_EXIT), UV_EINVAL);
}

TEST_P(ProcessTest, KeepsItsOutputReadableAfterItsExitWasTold) {
  const auto process = spawn(Command::shell("echo one; echo two"));
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "one"}));
  EXPECT_EQ(process->shutdown(PIPE_STDOUT), PIPE_CLOSED);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "two\n"}));
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, ""}));
}

TEST_P(ProcessTest, GivesItsDescriptorsBackWithItsExit) {
  const auto before = open_descriptors();
  const auto process = spawn({"true"});
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  loop().run(false);
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, ""}));
}

TEST_P(ProcessTest, GoesOnReadingFromAGrandchildAfterItsExit) {
  const auto process = spawn(Command::shell("exec 3<&0; { read x; echo grandchild $x; } <&3 & exit 3"));
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_EQ(exit, exited(3));
  EXPECT_EQ(write(*process, "lives\n"), (Written{PIPE_OK, 6}));
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "grandchild lives\n"}));
}

TEST_P(ProcessTest, TellsItsExitWhileAGrandchildHoldsItsPipe) {
  const auto process = spawn(Command::shell("exec 3<&0; cat <&3 & echo $!"));
  const std::string grandchild = read_line(*process).bytes;
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  pipe_slice slice;
  EXPECT_EQ(process->output(PIPE_STDOUT)->read({PIPE_READ_ALL, 0}, &slice), PIPE_AGAIN);
  process->output(PIPE_STDOUT)->cancel();
  EXPECT_EQ(::kill(std::stoi(grandchild), SIGKILL), 0);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, ""}));
}

TEST_P(ProcessTest, ThatIsReapedBetweenTryAndStartOfAWaitIsToldAtOnce) {
  const auto process = spawn({"cat"});
  pipe_exit exit;
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  process->shutdown(PIPE_STDIN);
  while (process->try_wait(&exit) == PIPE_RUNNING) ::sched_yield();
  ASSERT_EQ(process->channel(PIPE_EXIT)->start(7, 0), 0);
  EXPECT_EQ(loop().next_finished(), 7U);
  EXPECT_EQ(process->wait_result(&exit), PIPE_OK);
}

TEST_P(ProcessTest, ThatCannotStartLeavesNothing) {
  const auto before = open_descriptors();
  for (int round = 0; round < 100; ++round) {
    Process* process = nullptr;
    EXPECT_EQ(Process::spawn(loop(), Command{"no-such-program"}.options, &process), -ENOENT);
    EXPECT_EQ(process, nullptr);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(has_children());
  EXPECT_EQ(loop().children(), 0U);
}

INSTANTIATE_TEST_SUITE_P(In, ProcessTest, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
