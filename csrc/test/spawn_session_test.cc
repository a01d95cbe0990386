// Where the child belongs: its process group, session and terminal, and what it is sent when its parent ends.
#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <termios.h>

#include <cerrno>
#include <string>

#include "ways.h"

namespace pipe_core {
namespace {

class SpawnSession : public InEachWay {
 protected:
  // Whom a forked process leaves behind becomes our child.
  void SetUp() override { ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0); }
};

TEST_P(SpawnSession, IsTheHostsLikeTheGroupIfNothingElseIsWanted) {
  with_spawner([](Spawner& spawner) {
    Command command = stopping();
    look_at(spawner, command, [](StartedChild& child) {
      EXPECT_EQ(::getpgid(child.child->pid()), ::getpgrp());
      EXPECT_EQ(::getsid(child.child->pid()), ::getsid(0));
    });
  });
}

TEST_P(SpawnSession, IsTheHostsAlsoForTheLeaderOfAGroup) {
  with_spawner([](Spawner& spawner) {
    Command command = stopping();
    command.options.flags = PIPE_SPAWN_GROUP;
    look_at(spawner, command, [](StartedChild& child) {
      EXPECT_EQ(::getpgid(child.child->pid()), child.child->pid());
      EXPECT_EQ(::getsid(child.child->pid()), ::getsid(0));
    });
  });
}

TEST_P(SpawnSession, IsItsOwnWhenItIsDetachedOrHasATerminal) {
  with_spawner([](Spawner& spawner) {
    for (const unsigned flags : {PIPE_SPAWN_DETACHED | 0U, PIPE_SPAWN_DETACHED | PIPE_SPAWN_GROUP | 0U,
                                 PIPE_SPAWN_PTY | 0U, PIPE_SPAWN_PTY | PIPE_SPAWN_DETACHED | PIPE_SPAWN_GROUP | 0U}) {
      Command command = stopping();
      command.options.flags = flags;
      look_at(spawner, command, [](StartedChild& child) {
        EXPECT_EQ(::getpgid(child.child->pid()), child.child->pid());
        EXPECT_EQ(::getsid(child.child->pid()), child.child->pid());
      });
    }
  });
}

TEST_P(SpawnSession, HasItsTerminalForItsOwn) {
  with_spawner([](Spawner& spawner) {
    Command command = stopping();
    command.options.flags = PIPE_SPAWN_PTY;
    command.options.rows = 30;
    command.options.columns = 100;
    look_at(spawner, command, [](StartedChild& child) {
      const int master = child.pipes.parent_ends[PIPE_STDOUT].get();
      pid_t session = -1;
      EXPECT_EQ(::ioctl(master, TIOCGSID, &session), 0);
      EXPECT_EQ(session, child.child->pid());
      EXPECT_EQ(::tcgetpgrp(master), child.child->pid());
      winsize size = {};
      EXPECT_EQ(::ioctl(master, TIOCGWINSZ, &size), 0);
      EXPECT_EQ(size.ws_row, 30);
      EXPECT_EQ(size.ws_col, 100);
      EXPECT_NE(child.pipes.parent_ends[PIPE_STDIN].get(), master);
      EXPECT_FALSE(child.pipes.parent_ends[PIPE_STDERR]);
    });
  });
}

TEST_P(SpawnSession, OpensItsTerminalByTheNameOfEverybodysOwn) {
  with_spawner([](Spawner& spawner) {
    Command command = Command::shell("echo typed >/dev/tty");
    command.options.flags = PIPE_SPAWN_PTY;
    StartedChild started;
    ASSERT_EQ(start(started, spawner, command), 0);
    EXPECT_EQ(started.read(PIPE_STDOUT), "typed\r\n");
    EXPECT_EQ(started.end(), 0);
  });
}

// In a host of its own, which ends as soon as its child has started; returns how the child ended then.
template <class Ask>
int status_after_the_host(bool with_pidfd, Ask ask) {
  int ends[2];
  EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  in_forked_process([&] {
    const UniqueFd placeholder(::eventfd(0, EFD_CLOEXEC));
    Spawner spawner;
    ASSERT_EQ(spawner.open(placeholder.get()), 0);
    Command command = {"sleep", "1000000"};
    ask(command);
    StartedChild started;
    ASSERT_EQ(started.start(spawner, command, with_pidfd), 0) << "at step " << started.failure.step;
    const pid_t pid = started.child->pid();
    ASSERT_EQ(::write(write_end.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  });
  pid_t pid = -1;
  EXPECT_EQ(::read(read_end.get(), &pid, sizeof pid), static_cast<ssize_t>(sizeof pid));
  int status = -1;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

TEST_P(SpawnSession, EndsByTheDeathSignalWhenItsParentEnds) {
  ::setenv("PIPE_SPAWN", GetParam().shares_memory ? "" : "fork", 1);
  const int status = status_after_the_host(GetParam().has_pidfds, [](Command& command) {
    command.options.flags = PIPE_SPAWN_DEATH_SIGNAL;
    command.options.death_signal = SIGUSR1;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGUSR1);
}

TEST_P(SpawnSession, EndsByTheDeathSignalAlsoAsSomebodyElse) {
  if (::geteuid() != 0) GTEST_SKIP() << kNeedsRoot;
  ::setenv("PIPE_SPAWN", GetParam().shares_memory ? "" : "fork", 1);
  const int status = status_after_the_host(GetParam().has_pidfds, [](Command& command) {
    command.options.flags = PIPE_SPAWN_DEATH_SIGNAL | PIPE_SPAWN_UID | PIPE_SPAWN_GID | PIPE_SPAWN_GROUPS;
    command.options.death_signal = SIGUSR1;
    command.options.uid = command.options.gid = 65534;
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGUSR1);
}

INSTANTIATE_TEST_SUITE_P(By, SpawnSession, ways(), way_name);

}  // namespace
}  // namespace pipe_core
