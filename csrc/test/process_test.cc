#include "process.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <sched.h>
#include <string>

#include "descriptors.h"
#include "joint.h"
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
  EXPECT_EQ(pipe_core::read_all(*loop_, process->output(PIPE_STDERR)), (Told{PIPE_OK, "err hi\n"}));
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
}

TEST_P(ProcessTest, HasNoStderrWhenThatIsMerged) {
  Command command = Command::shell("echo out; echo err >&2");
  command.merge_stderr();
  const auto process = spawn(command);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "out\nerr\n"}));
  EXPECT_EQ(process->stream(PIPE_STDERR), PIPE_MERGED);
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
    EXPECT_EQ(process->stream(channel), UV_EINVAL);
    EXPECT_EQ(process->shutdown(channel), UV_EINVAL);
  }
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
  EXPECT_EQ(process->output(PIPE_STDOUT).read({PIPE_READ_ALL, 0}, &slice), PIPE_AGAIN);
  process->output(PIPE_STDOUT).cancel();
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

TEST_P(ProcessTest, HasNoEndOfWhatIsNoPipe) {
  const UniqueFd zero(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  Command command = Command::shell("exec cat <&3");
  command.descriptors({Command::from(0, PIPE_SOURCE_NULL), Command::from(1, PIPE_SOURCE_FD, zero.get()),
                       Command::file(2, "/dev/null", PIPE_ACCESS_WRITE), Command::from(3, PIPE_SOURCE_NULL)});
  const auto process = spawn(command);
  for (const int channel : {PIPE_STDIN, PIPE_STDOUT, PIPE_STDERR}) {
    EXPECT_EQ(process->stream(channel), PIPE_NOT_A_PIPE);
    EXPECT_EQ(process->channel(channel), nullptr);
    EXPECT_EQ(process->shutdown(channel), PIPE_NOT_A_PIPE);
  }
  EXPECT_NE(process->channel(PIPE_EXIT), nullptr);
  EXPECT_EQ(process->resize(1, 1), PIPE_NOT_A_PIPE);
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  process->close();
  EXPECT_EQ(process->shutdown(PIPE_STDOUT), PIPE_NOT_A_PIPE);
}

TEST_P(ProcessTest, HasAMergedStderrWhateverItsStdoutIs) {
  Command command = {"true"};
  command.descriptors({Command::pipe(0), Command::from(1, PIPE_SOURCE_NULL), Command::from(2, PIPE_SOURCE_STDOUT)});
  const auto process = spawn(command);
  EXPECT_EQ(process->stream(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(process->stream(PIPE_STDOUT), PIPE_NOT_A_PIPE);
  EXPECT_EQ(process->stream(PIPE_STDERR), PIPE_MERGED);
}

TEST_P(ProcessTest, KeepsItsEndOfAStreamThatIsClosedAPipe) {
  const auto process = spawn({"cat"});
  EXPECT_EQ(process->shutdown(PIPE_STDOUT), PIPE_OK);
  EXPECT_EQ(process->stream(PIPE_STDOUT), PIPE_OK);
  EXPECT_EQ(read_all(*process), (Told{PIPE_CLOSED, ""}));
}

TEST_P(ProcessTest, SharesThePipeOfAJointWithOthers) {
  Joint joint;
  ASSERT_EQ(joint.open(0), 0);
  const auto spawn_joined = [&](const char* script) {
    Command command = Command::shell(script);
    pipe_descriptor out = Command::pipe(PIPE_STDOUT);
    out.joint = reinterpret_cast<pipe_joint*>(&joint);
    command.descriptors({Command::pipe(0), out, Command::pipe(2)});
    return spawn(command);
  };
  const auto first = spawn_joined("echo first");
  const auto second = spawn_joined("read x; echo second");
  EXPECT_EQ(read_line(*first), (Told{PIPE_OK, "first"}));
  joint = Joint();
  pipe_exit exit;
  EXPECT_EQ(wait(*first, &exit), PIPE_OK);
  EXPECT_EQ(write(*second, "go\n"), (Written{PIPE_OK, 3}));
  EXPECT_EQ(read_all(*first), (Told{PIPE_OK, "second\n"})) << "the end of the last writer is the end of the pipe";
  EXPECT_EQ(read_all(*second), (Told{PIPE_OK, ""}));
}

TEST_P(ProcessTest, TellsWhatItHasUsed) {
  const auto process = spawn(Command::shell("i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; read x"));
  pipe_usage usage = {};
  EXPECT_EQ(process->usage(&usage), PIPE_RUNNING);
  EXPECT_EQ(write(*process, "go\n"), (Written{PIPE_OK, 3}));
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  for (int again = 0; again < 2; ++again) {
    ASSERT_EQ(process->usage(&usage), PIPE_OK);
    EXPECT_GT(usage.utime, 0);
    EXPECT_GE(usage.stime, 0);
    EXPECT_GT(usage.minflt, 0);
    EXPECT_GT(usage.maxrss, 0);
  }
}

TEST_P(ProcessTest, TellsItsPeakOfMemoryInBytesAndThatOfThoseItWaitedFor) {
  constexpr double kTouched = 64 << 20;
  const auto touches = spawn(Command::shell("dd bs=67108864 count=1 </dev/zero >/dev/null; exit 0"));
  const auto does_not = spawn({"true"});
  await_death(touches->pid());
  await_death(does_not->pid());
  pipe_usage usage = {};
  ASSERT_EQ(touches->usage(&usage), PIPE_OK) << "asked without a wait";
  EXPECT_GE(usage.maxrss, kTouched);
  EXPECT_LT(usage.maxrss, kTouched * 4);
  ASSERT_EQ(does_not->usage(&usage), PIPE_OK);
  EXPECT_LT(usage.maxrss, kTouched);
  EXPECT_GT(usage.maxrss, 0);
}

TEST_P(ProcessTest, HasUsedWhatNobodyKnowsWhenItWasClosed) {
  const auto process = spawn({"cat"});
  process->close();
  pipe_usage usage = {};
  EXPECT_EQ(process->usage(&usage), PIPE_EXITED);
}

TEST_P(ProcessTest, HasUsedWhatNobodyKnowsWhenSomebodyElseReapedIt) {
  const auto process = spawn({"cat"});
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(::waitpid(process->pid(), nullptr, 0), process->pid());
  pipe_usage usage = {};
  EXPECT_EQ(process->usage(&usage), -ECHILD) << "the kernel may remember the status, but not this";
}

TEST_P(ProcessTest, ThatCannotStartTellsAtWhichStep) {
  const auto before = open_descriptors();
  pipe_failure failure = {-1, -1};
  Process* process = nullptr;
  Command command = {"true"};
  command.options.cwd = "/no/such/folder";
  EXPECT_EQ(Process::spawn(loop(), command.options, &failure, &process), -ENOENT);
  EXPECT_EQ(failure.step, PIPE_STEP_DIRECTORY);
  command.descriptors({Command::pipe(0), Command::pipe(1), Command::file(2, "/no/such/file", PIPE_ACCESS_READ)});
  EXPECT_EQ(Process::spawn(loop(), command.options, &failure, &process), -ENOENT);
  EXPECT_EQ(failure.step, PIPE_STEP_DESCRIPTOR);
  EXPECT_EQ(failure.index, 2);
  EXPECT_EQ(process, nullptr);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_P(ProcessTest, ThatCannotStartLeavesNothing) {
  const auto before = open_descriptors();
  for (int round = 0; round < 100; ++round) {
    pipe_failure failure;
    Process* process = nullptr;
    EXPECT_EQ(Process::spawn(loop(), Command{"no-such-program"}.options, &failure, &process), -ENOENT);
    EXPECT_EQ(process, nullptr);
  }
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_FALSE(has_children());
  EXPECT_EQ(loop().children(), 0U);
}

INSTANTIATE_TEST_SUITE_P(In, ProcessTest, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
