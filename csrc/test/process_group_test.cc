// Children that lead a group or a session: whom a signal reaches, and who outlives whom.
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <sched.h>
#include <string>

#include "descriptors.h"
#include "forked.h"
#include "joint.h"
#include "sandbox.h"
#include "worlds.h"

namespace pipe_core {
namespace {

// A pipe whose writing end a child and its descendants have as their descriptor 3: it ends with the last of them. They
// tell there, too, what is to be told.
class Lifeline {
 public:
  Lifeline() { EXPECT_EQ(joint_.open(0), 0); }
  void give_to(Command& command) const {
    command.descriptors({Command::pipe(0), Command::pipe(1), Command::pipe(2),
                         Command::from(3, PIPE_SOURCE_FD, joint_.writing_end.get())});
  }
  // Waits until somebody writes.
  char next() {
    char byte = 0;
    EXPECT_EQ(::read(joint_.reading_end.get(), &byte, 1), 1);
    return byte;
  }
  void await_all_ends() {
    joint_.writing_end.reset();
    char byte;
    while (::read(joint_.reading_end.get(), &byte, 1) > 0) {
    }
  }
  // When all that was told has been read.
  bool somebody_lives() {
    joint_.writing_end.reset();
    pollfd ended = {joint_.reading_end.get(), POLLIN, 0};
    return ::poll(&ended, 1, 0) == 0;
  }

 private:
  Joint joint_;
};

// Three members of its group; each has told that it is there.
constexpr const char* kThree = "for i in 1 2; do { printf m >&3; exec sleep 1000000; } & done; printf m >&3; wait";

class ProcessGroup : public InEachWorld {
 protected:
  // Whatever a forked process leaves behind becomes our child.
  void SetUp() override { ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0); }
  void TearDown() override {
    loop_.reset();
    while (::waitpid(-1, nullptr, 0) > 0) {  // members whose leader had gone: they have ended
    }
  }
  static std::unique_ptr<Process> spawn_with(RunningLoop& loop, const Lifeline& lifeline, unsigned flags,
                                             const char* script) {
    Command command = Command::shell(script);
    lifeline.give_to(command);
    command.options.flags = flags;
    return InEachWorld::spawn(loop, command);
  }
  std::unique_ptr<Process> spawn_with(const Lifeline& lifeline, unsigned flags, const char* script) {
    return spawn_with(*loop_, lifeline, flags, script);
  }
  // Until all three are there.
  static void await_three(Lifeline& lifeline) {
    for (int i = 0; i < 3; ++i) lifeline.next();
  }
};

TEST_P(ProcessGroup, IsSignalledAsAWhole) {
  for (const unsigned flags :
       {PIPE_SPAWN_GROUP | 0U, PIPE_SPAWN_GROUP | PIPE_SPAWN_DETACHED | 0U, PIPE_SPAWN_GROUP | PIPE_SPAWN_PTY | 0U}) {
    Lifeline lifeline;
    const auto process = spawn_with(lifeline, flags, kThree);
    await_three(lifeline);
    EXPECT_EQ(process->kill(0), PIPE_OK);
    EXPECT_EQ(process->kill(SIGTERM), PIPE_OK);
    lifeline.await_all_ends();
    pipe_exit exit = {};
    EXPECT_EQ(wait(*process, &exit), PIPE_OK);
    EXPECT_EQ(exit, (pipe_exit{1, SIGTERM}));
    EXPECT_EQ(process->kill(SIGTERM), PIPE_EXITED);
  }
}

TEST_P(ProcessGroup, IsNotSignalledWhenTheChildLeadsNone) {
  Lifeline lifeline;
  const auto process = spawn_with(lifeline, 0, "sleep 1000000 & echo $!; exec cat");
  const pid_t member = std::stoi(read_line(*process).bytes);
  EXPECT_EQ(process->kill(SIGTERM), PIPE_OK);
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_TRUE(lifeline.somebody_lives());
  EXPECT_EQ(::kill(member, SIGKILL), 0);
  lifeline.await_all_ends();
}

TEST_P(ProcessGroup, IsAllThatIsSignalled) {
  Lifeline others;
  Lifeline lifeline;
  const auto other = spawn_with(others, PIPE_SPAWN_GROUP, kThree);
  await_three(others);
  const auto process = spawn_with(lifeline, PIPE_SPAWN_GROUP, kThree);
  await_three(lifeline);
  EXPECT_EQ(process->kill(SIGKILL), PIPE_OK);
  lifeline.await_all_ends();
  EXPECT_TRUE(others.somebody_lives());
  EXPECT_EQ(other->kill(SIGKILL), PIPE_OK);
  others.await_all_ends();
}

TEST_P(ProcessGroup, DoesNotCountThoseWhoHaveLeftIt) {
  Lifeline lifeline;
  const auto process = spawn_with(lifeline, PIPE_SPAWN_GROUP, "setsid sleep 1000000 & echo $!; exec cat");
  const pid_t left = std::stoi(read_line(*process).bytes);
  while (::getpgid(left) != left) ::sched_yield();
  EXPECT_EQ(process->kill(SIGKILL), PIPE_OK);
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_TRUE(lifeline.somebody_lives());
  EXPECT_EQ(::kill(left, SIGKILL), 0);
  lifeline.await_all_ends();
}

TEST_P(ProcessGroup, OfALeaderThatHasExitedIsNobodysAnyMore) {
  Lifeline lifeline;
  const auto process = spawn_with(lifeline, PIPE_SPAWN_GROUP, "{ printf m >&3; exec sleep 1000000; } & exit 0");
  lifeline.next();
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_EQ(process->kill(SIGKILL), PIPE_EXITED);
  EXPECT_TRUE(lifeline.somebody_lives());
  EXPECT_EQ(::kill(-process->pid(), SIGKILL), 0);
  lifeline.await_all_ends();
}

TEST_P(ProcessGroup, EndsWithTheHandleThatIsClosedOrFreed) {
  for (const bool freed : {false, true}) {
    Lifeline lifeline;
    auto process = spawn_with(lifeline, PIPE_SPAWN_GROUP, kThree);
    await_three(lifeline);
    if (freed) {
      process.reset();
    } else {
      process->close();
    }
    lifeline.await_all_ends();
  }
}

TEST_P(ProcessGroup, EndsWithTheHost) {
  Lifeline lifeline;
  const int status = status_of_forked([&] {
    static RunningLoop loop;
    static std::unique_ptr<Process> process = spawn_with(loop, lifeline, PIPE_SPAWN_GROUP, kThree);
    await_three(lifeline);
    std::exit(testing::Test::HasFailure() ? 1 : 17);
  });
  EXPECT_EQ(WEXITSTATUS(status), 17);
  lifeline.await_all_ends();
}

TEST_P(ProcessGroup, ThatMayNotBeSignalledIsTold) {
  in_forked_process([this] {
    loop_ = std::make_unique<RunningLoop>();
    Command cat = {"cat"};
    cat.options.flags = PIPE_SPAWN_GROUP;
    auto process = InEachWorld::spawn(cat);
    refuse_system_call(SYS_kill, EPERM);
    EXPECT_EQ(process->kill(SIGTERM), -EPERM);
    EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
    pipe_exit exit;
    EXPECT_EQ(wait(*process, &exit), PIPE_OK);
    process.reset();
    loop_.reset();
  });
}

class DetachedProcess : public ProcessGroup {
 protected:
  static bool lives(pid_t pid) {
    siginfo_t info = {};
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | WNOWAIT), 0);
    return info.si_pid == 0;
  }
  static void end(pid_t pid) {
    EXPECT_EQ(::kill(pid, SIGKILL), 0);
    EXPECT_EQ(::waitpid(pid, nullptr, 0), pid);
  }
  static constexpr const char* kSleeper = "printf m >&3; exec sleep 1000000";
};

TEST_P(DetachedProcess, OutlivesItsHandleAndItsLoop) {
  Lifeline lifeline;
  auto process = spawn_with(lifeline, PIPE_SPAWN_DETACHED, kSleeper);
  const pid_t pid = process->pid();
  lifeline.next();
  process.reset();
  EXPECT_TRUE(lives(pid));
  loop_.reset();
  EXPECT_TRUE(lives(pid));
  end(pid);
}

TEST_P(DetachedProcess, OutlivesALoopThatEndsWithItsHandle) {
  Lifeline lifeline;
  auto process = spawn_with(lifeline, PIPE_SPAWN_DETACHED, kSleeper);
  const auto killed = spawn({"cat"});
  const pid_t pid = process->pid();
  lifeline.next();
  loop_.reset();
  EXPECT_TRUE(lives(pid));
  process.reset();
  EXPECT_TRUE(lives(pid));
  end(pid);
}

TEST_P(DetachedProcess, OutlivesItsHostWhichKillsTheOthers) {
  Lifeline lifeline;
  Lifeline others;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  const int status = status_of_forked([&] {
    static RunningLoop loop;
    static std::unique_ptr<Process> with_handle = spawn_with(loop, lifeline, PIPE_SPAWN_DETACHED, kSleeper);
    auto without = spawn_with(loop, lifeline, PIPE_SPAWN_DETACHED, kSleeper);
    static std::unique_ptr<Process> killed = spawn_with(loop, others, 0, kSleeper);
    const pid_t pids[] = {with_handle->pid(), without->pid()};
    EXPECT_EQ(::write(write_end.get(), pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
    without.reset();
    std::exit(testing::Test::HasFailure() ? 1 : 17);
  });
  EXPECT_EQ(WEXITSTATUS(status), 17);
  others.await_all_ends();
  pid_t pids[2] = {-1, -1};
  ASSERT_EQ(::read(read_end.get(), pids, sizeof pids), static_cast<ssize_t>(sizeof pids));
  for (const pid_t pid : pids) {
    EXPECT_TRUE(lives(pid));
    end(pid);
  }
}

TEST_P(DetachedProcess, IsKilledByACloseWhichSaysSo) {
  Lifeline lifeline;
  const auto process = spawn_with(lifeline, PIPE_SPAWN_DETACHED, kSleeper);
  lifeline.next();
  process->close();
  lifeline.await_all_ends();
}

TEST_P(DetachedProcess, IsNoZombieWhenItsLoopEndsAfterAClose) {
  Lifeline lifeline;
  auto process = spawn_with(lifeline, PIPE_SPAWN_DETACHED, kSleeper);
  const pid_t pid = process->pid();
  lifeline.next();
  process->close();
  process.reset();
  loop_.reset();
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
}

TEST_P(DetachedProcess, IsNoZombieWhenItsLoopEndsAfterIt) {
  Lifeline lifeline;
  auto process = spawn_with(lifeline, PIPE_SPAWN_DETACHED, "read x");
  const pid_t pid = process->pid();
  process.reset();  // closes its stdin, and it ends
  await_death(pid);
  loop_.reset();
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
}

TEST_P(DetachedProcess, IsSignalledAndAwaitedLikeAnyOther) {
  Lifeline lifeline;
  const auto process = spawn_with(lifeline, PIPE_SPAWN_DETACHED, kSleeper);
  EXPECT_EQ(process->kill(SIGTERM), PIPE_OK);
  pipe_exit exit = {};
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_EQ(exit, (pipe_exit{1, SIGTERM}));
}

TEST_P(DetachedProcess, WithoutAHandleIsStillReapedByTheLoop) {
  ASSERT_GT(loop().foreign_fd(), 2);
  Lifeline lifeline;
  auto process = spawn_with(lifeline, PIPE_SPAWN_DETACHED, "read x");
  const pid_t pid = process->pid();
  process.reset();  // closes its stdin, and it ends
  while (loop().children() > 0) {
    ASSERT_TRUE(becomes_readable(loop().foreign_fd()));
    loop().run(false);
  }
  EXPECT_EQ(::waitpid(pid, nullptr, WNOHANG), -1);
}

INSTANTIATE_TEST_SUITE_P(In, ProcessGroup, worlds(), world_name);
INSTANTIATE_TEST_SUITE_P(In, DetachedProcess, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
