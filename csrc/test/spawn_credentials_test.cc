// Who the child is: every id, in the order that the kernel allows, with what needs root done before and what is to be
// done as somebody else after.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <sched.h>
#include <string>

#include "programs.h"
#include "refused_argument.h"
#include "ways.h"

namespace pipe_core {
namespace {

constexpr unsigned kUid = 60001;
constexpr unsigned kGid = 60002;
constexpr unsigned kGroups[] = {60003, 60004, 60005};
constexpr unsigned kAll = PIPE_SPAWN_UID | PIPE_SPAWN_GID | PIPE_SPAWN_GROUPS;

class SpawnCredentials : public InEachWay {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << kNeedsRoot;
  }
  static void give_credentials(Command& command, unsigned flags) {
    command.options.flags |= flags;
    command.options.uid = kUid;
    command.options.gid = kGid;
    command.options.groups = kGroups;
    command.options.group_count = std::size(kGroups);
  }
};

TEST_P(SpawnCredentials, AreTheRealEffectiveSavedAndFileSystemIds) {
  with_spawner([](Spawner& spawner) {
    const std::string hosts = status_of("self", "Uid") + status_of("self", "Gid") + status_of("self", "Groups");
    Command command = stopping();
    give_credentials(command, kAll);
    look_at(spawner, command, [](StartedChild& child) {
      EXPECT_EQ(status_of(child.proc(), "Uid"), "60001 60001 60001 60001");
      EXPECT_EQ(status_of(child.proc(), "Gid"), "60002 60002 60002 60002");
      EXPECT_EQ(status_of(child.proc(), "Groups"), "60003 60004 60005");
      EXPECT_EQ(status_of(child.proc(), "CapEff"), "0000000000000000");
      EXPECT_EQ(status_of(child.proc(), "CapPrm"), "0000000000000000");
    });
    EXPECT_EQ(status_of("self", "Uid") + status_of("self", "Gid") + status_of("self", "Groups"), hosts);
  });
}

TEST_P(SpawnCredentials, ThatWereNotAskedForAreTheHosts) {
  with_spawner([](Spawner& spawner) {
    for (const unsigned flag : {PIPE_SPAWN_UID, PIPE_SPAWN_GID, PIPE_SPAWN_GROUPS}) {
      Command command = stopping();
      give_credentials(command, flag);
      look_at(spawner, command, [&](StartedChild& child) {
        EXPECT_EQ(status_of(child.proc(), "Uid") == status_of("self", "Uid"), flag != PIPE_SPAWN_UID);
        EXPECT_EQ(status_of(child.proc(), "Gid") == status_of("self", "Gid"), flag != PIPE_SPAWN_GID);
        EXPECT_EQ(status_of(child.proc(), "Groups") == status_of("self", "Groups"), flag != PIPE_SPAWN_GROUPS);
      });
    }
  });
}

TEST_P(SpawnCredentials, MayBeNoGroupsAtAll) {
  with_spawner([](Spawner& spawner) {
    const gid_t hosts = 60009;
    ASSERT_EQ(::setgroups(1, &hosts), 0);
    Command command = stopping();
    command.options.flags = PIPE_SPAWN_GROUPS;
    look_at(spawner, command, [](StartedChild& child) { EXPECT_EQ(status_of(child.proc(), "Groups"), ""); });
  });
}

TEST_P(SpawnCredentials, AreTakenOnAfterWhatNeedsTheHostsRights) {
  with_spawner([](Spawner& spawner) {
    Command command = stopping();
    give_credentials(command, kAll | PIPE_SPAWN_NICE);
    command.options.nice = -5;
    look_at(spawner, command, [](StartedChild& child) {
      EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(child.child->pid())), -5);
      EXPECT_EQ(status_of(child.proc(), "Uid"), "60001 60001 60001 60001");
    });
  });
}

TEST_P(SpawnCredentials, DecideWhetherTheDirectoryMayBeEntered) {
  const ProgramFolder folder;  // 0700, and the host's
  with_spawner([&](Spawner& spawner) {
    Command command = {"true"};
    command.options.cwd = folder.path().c_str();
    give_credentials(command, kAll);
    StartedChild started;
    EXPECT_EQ(start(started, spawner, command), -EACCES);
    EXPECT_EQ(started.failure.step, PIPE_STEP_DIRECTORY);
  });
}

TEST_P(SpawnCredentials, DecideWhetherTheProgramMayBeExecuted) {
  const ProgramFolder folder;
  ASSERT_EQ(::chmod(folder.path().c_str(), 0755), 0);
  const std::string program = folder.add("tool", "#!/bin/sh\necho ran\n", 0700);
  with_spawner([&](Spawner& spawner) {
    Command command = {program};
    give_credentials(command, kAll);
    StartedChild started;
    EXPECT_EQ(start(started, spawner, command), -EACCES);
    EXPECT_EQ(started.failure.step, PIPE_STEP_PROGRAM);
    ASSERT_EQ(::chown(program.c_str(), kUid, kGid), 0);
    EXPECT_EQ(output(spawner, command), "ran\n");
  });
}

TEST_P(SpawnCredentials, DoNotDecideWhichFilesTheHostOpensForTheChild) {
  const ProgramFolder folder;
  const std::string secret = folder.add("secret", "for the child all the same", 0600);
  with_spawner([&](Spawner& spawner) {
    Command command = {"cat"};
    give_credentials(command, kAll);
    command.descriptors({Command::file(0, secret.c_str(), PIPE_ACCESS_READ), Command::pipe(1), Command::pipe(2)});
    EXPECT_EQ(output(spawner, command), "for the child all the same");
  });
}

TEST_P(SpawnCredentials, OwnTheirTerminal) {
  with_spawner([](Spawner& spawner) {
    Command command = stopping();
    give_credentials(command, kAll | PIPE_SPAWN_PTY);
    look_at(spawner, command, [](StartedChild& child) {
      struct stat status = {};
      ASSERT_EQ(::stat(open_descriptors(child.proc())[0].c_str(), &status), 0);
      EXPECT_EQ(status.st_uid, kUid);
    });
  });
}

TEST_P(SpawnCredentials, AreTakenOnInMemoryOfTheChildsOwn) {
  with_spawner([](Spawner& spawner) {
    refuse_argument(SYS_clone, 0, CLONE_VM, ENOMEM, BPF_JSET);
    for (const unsigned flags : {static_cast<unsigned>(PIPE_SPAWN_UID), static_cast<unsigned>(PIPE_SPAWN_GID),
                                 static_cast<unsigned>(PIPE_SPAWN_GROUPS), kAll}) {
      Command command = {"echo", "started"};
      give_credentials(command, flags);
      EXPECT_EQ(output(spawner, command), "started\n") << flags;
    }
    StartedChild started;
    EXPECT_EQ(start(started, spawner, {"true"}), GetParam().shares_memory ? -ENOMEM : 0) << "nothing else is";
    if (started.child) started.end();
  });
}

INSTANTIATE_TEST_SUITE_P(By, SpawnCredentials, ways(), way_name);

}  // namespace
}  // namespace pipe_core
