// What a spawn that fails says it was about; and that it leaves nothing, whatever that was.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <string>
#include <vector>

#include "programs.h"
#include "refused_argument.h"
#include "ways.h"

namespace pipe_core {
namespace {

struct Failed {
  int status;
  int step;
  int index;
  bool operator==(const Failed&) const = default;
};
void PrintTo(const Failed& failed, std::ostream* out) {
  *out << failed.status << " at step " << failed.step << ", index " << failed.index;
}

class SpawnStep : public InEachWay {
 protected:
  static Failed failed(Spawner& spawner, Command& command) {
    StartedChild started;
    const int status = start(started, spawner, command);
    if (started.child) started.end();
    return {status, started.failure.step, started.failure.index};
  }
  // Of `true`, with a few words of what it is to be.
  template <class Ask>
  static Failed failed(Spawner& spawner, Ask ask) {
    Command command = {"true"};
    ask(command);
    return failed(spawner, command);
  }
  static Failed with_flags(Spawner& spawner, unsigned flags) {
    return failed(spawner, [&](Command& command) { command.options.flags = flags; });
  }
};

TEST_P(SpawnStep, IsTheProgram) {
  with_spawner([](Spawner& spawner) {
    Command missing = {"/no/such/program"};
    EXPECT_EQ(failed(spawner, missing), (Failed{-ENOENT, PIPE_STEP_PROGRAM, 0}));
    const pipe_limit limit = {RLIMIT_CORE, 0, 0};
    missing.options.limits = &limit;
    missing.options.limit_count = 1;
    missing.options.cwd = "/";
    missing.options.flags = PIPE_SPAWN_GROUP | PIPE_SPAWN_UMASK | PIPE_SPAWN_SUBREAPER;
    EXPECT_EQ(failed(spawner, missing), (Failed{-ENOENT, PIPE_STEP_PROGRAM, 0})) << "after all other steps";
  });
}

TEST_P(SpawnStep, IsTheDirectory) {
  const ProgramFolder folder;
  const std::string file = folder.add("file", "", 0644);
  with_spawner([&](Spawner& spawner) {
    EXPECT_EQ(failed(spawner, [](Command& command) { command.options.cwd = "/no/such/folder"; }),
              (Failed{-ENOENT, PIPE_STEP_DIRECTORY, 0}));
    EXPECT_EQ(failed(spawner, [](Command& command) { command.options.cwd = ""; }),
              (Failed{-ENOENT, PIPE_STEP_DIRECTORY, 0}));
    EXPECT_EQ(failed(spawner, [&](Command& command) { command.options.cwd = file.c_str(); }),
              (Failed{-ENOTDIR, PIPE_STEP_DIRECTORY, 0}));
  });
}

TEST_P(SpawnStep, IsADescriptorByItsIndex) {
  with_spawner([](Spawner& spawner) {
    const auto of_stderr = [&](pipe_descriptor descriptor) {
      return failed(spawner, [&](Command& command) {
        command.descriptors({Command::pipe(0), Command::from(1, PIPE_SOURCE_NULL), descriptor});
      });
    };
    EXPECT_EQ(of_stderr(Command::from(2, PIPE_SOURCE_FD, 100000)), (Failed{-EBADF, PIPE_STEP_DESCRIPTOR, 2}));
    EXPECT_EQ(of_stderr(Command::from(2, PIPE_SOURCE_FD, -1)), (Failed{-EBADF, PIPE_STEP_DESCRIPTOR, 2}));
    EXPECT_EQ(of_stderr(Command::file(2, "/no/such/file", PIPE_ACCESS_READ)),
              (Failed{-ENOENT, PIPE_STEP_DESCRIPTOR, 2}));
    EXPECT_EQ(of_stderr(Command::file(2, "/", PIPE_ACCESS_APPEND)), (Failed{-EISDIR, PIPE_STEP_DESCRIPTOR, 2}));
  });
}

TEST_P(SpawnStep, IsALimitByItsIndex) {
  with_spawner([](Spawner& spawner) {
    const auto of_third = [&](pipe_limit limit) {
      const pipe_limit limits[] = {{RLIMIT_CORE, 0, 0}, {RLIMIT_CPU, 1000, 1000}, limit};
      return failed(spawner, [&](Command& command) {
        command.options.limits = limits;
        command.options.limit_count = std::size(limits);
      });
    };
    EXPECT_EQ(of_third({9999, 1, 1}), (Failed{-EINVAL, PIPE_STEP_LIMIT, 2}));
    EXPECT_EQ(of_third({RLIMIT_NOFILE, 2, 1}), (Failed{-EINVAL, PIPE_STEP_LIMIT, 2}));
    EXPECT_EQ(of_third({RLIMIT_NOFILE, 20, 20}), (Failed{0, PIPE_STEP_START, 0}));
  });
}

TEST_P(SpawnStep, IsAProcessorThatIsNotThere) {
  with_spawner([](Spawner& spawner) {
    const uint8_t none[] = {0, 0};
    EXPECT_EQ(failed(spawner,
                     [&](Command& command) {
                       command.options.flags = PIPE_SPAWN_AFFINITY;
                       command.options.affinity = none;
                       command.options.affinity_size = std::size(none);
                     }),
              (Failed{-EINVAL, PIPE_STEP_AFFINITY, 0}));
  });
}

TEST_P(SpawnStep, IsADeathSignalThatDoesNotExist) {
  with_spawner([](Spawner& spawner) {
    EXPECT_EQ(failed(spawner,
                     [](Command& command) {
                       command.options.flags = PIPE_SPAWN_DEATH_SIGNAL;
                       command.options.death_signal = 65;
                     }),
              (Failed{-EINVAL, PIPE_STEP_DEATH_SIGNAL, 0}));
  });
}

TEST_P(SpawnStep, IsWhatOnlyRootMayDo) {
  if (::geteuid() != 0) GTEST_SKIP() << kNeedsRoot;
  with_spawner([](Spawner& spawner) {
    become_nobody();
    const unsigned group = 1;
    const auto as_root = [&](unsigned flags) {
      return failed(spawner, [&](Command& command) {
        command.options.flags = flags;
        command.options.groups = &group;
        command.options.group_count = 1;
        command.options.nice = -20;  // below the host's, whatever that is
      });
    };
    EXPECT_EQ(as_root(PIPE_SPAWN_UID), (Failed{-EPERM, PIPE_STEP_UID, 0}));
    EXPECT_EQ(as_root(PIPE_SPAWN_GID), (Failed{-EPERM, PIPE_STEP_GID, 0}));
    EXPECT_EQ(as_root(PIPE_SPAWN_GROUPS), (Failed{-EPERM, PIPE_STEP_GROUPS, 0}));
    EXPECT_EQ(as_root(PIPE_SPAWN_UID | PIPE_SPAWN_GID | PIPE_SPAWN_GROUPS), (Failed{-EPERM, PIPE_STEP_GROUPS, 0}));
    EXPECT_EQ(as_root(PIPE_SPAWN_UID | PIPE_SPAWN_GID), (Failed{-EPERM, PIPE_STEP_GID, 0}));
    EXPECT_EQ(as_root(PIPE_SPAWN_NICE), (Failed{-EACCES, PIPE_STEP_NICE, 0}));
    rlimit limit;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const pipe_limit more = {RLIMIT_NOFILE, 1, limit.rlim_max + 1};
    EXPECT_EQ(failed(spawner,
                     [&](Command& command) {
                       command.options.limits = &more;
                       command.options.limit_count = 1;
                     }),
              (Failed{-EPERM, PIPE_STEP_LIMIT, 0}));
    EXPECT_EQ(failed(spawner,
                     [](Command& command) {
                       command.options.flags = PIPE_SPAWN_UID | PIPE_SPAWN_GID;
                       command.options.uid = command.options.gid = 65534;
                     }),
              (Failed{0, PIPE_STEP_START, 0}))
        << "one may become who one is";
  });
}

TEST_P(SpawnStep, IsTheSessionOrTheGroup) {
  with_spawner([](Spawner& spawner) {
    refuse_system_call(SYS_setsid, EPERM);
    refuse_system_call(SYS_setpgid, EACCES);
    EXPECT_EQ(with_flags(spawner, PIPE_SPAWN_DETACHED), (Failed{-EPERM, PIPE_STEP_SESSION, 0}));
    EXPECT_EQ(with_flags(spawner, PIPE_SPAWN_PTY), (Failed{-EPERM, PIPE_STEP_SESSION, 0}));
    EXPECT_EQ(with_flags(spawner, PIPE_SPAWN_GROUP), (Failed{-EACCES, PIPE_STEP_SESSION, 0}));
    EXPECT_EQ(with_flags(spawner, PIPE_SPAWN_GROUP | PIPE_SPAWN_DETACHED), (Failed{-EPERM, PIPE_STEP_SESSION, 0}))
        << "who leads a session leads a group";
  });
}

TEST_P(SpawnStep, IsThePtyInTheHost) {
  with_spawner([](Spawner& spawner) {
    refuse_argument(SYS_ioctl, 1, static_cast<unsigned>(TIOCSPTLCK), EIO);
    EXPECT_EQ(with_flags(spawner, PIPE_SPAWN_PTY), (Failed{-EIO, PIPE_STEP_PTY, 0}));
  });
}

TEST_P(SpawnStep, IsThePtyInTheChild) {
  with_spawner([](Spawner& spawner) {
    refuse_argument(SYS_ioctl, 1, TIOCSCTTY, EPERM);
    EXPECT_EQ(with_flags(spawner, PIPE_SPAWN_PTY), (Failed{-EPERM, PIPE_STEP_PTY, 0}));
  });
}

TEST_P(SpawnStep, IsTheSubreaper) {
  with_spawner([](Spawner& spawner) {
    refuse_argument(SYS_prctl, 0, PR_SET_CHILD_SUBREAPER, EINVAL);
    EXPECT_EQ(with_flags(spawner, PIPE_SPAWN_SUBREAPER), (Failed{-EINVAL, PIPE_STEP_SUBREAPER, 0}));
  });
}

TEST_P(SpawnStep, IsTheStartWhenThereIsNoOtherProcessToBeHad) {
  with_spawner([](Spawner& spawner) {
    refuse_system_call(SYS_clone, EAGAIN);
    EXPECT_EQ(with_flags(spawner, PIPE_SPAWN_GROUP), (Failed{-EAGAIN, PIPE_STEP_START, 0}));
  });
}

TEST_P(SpawnStep, OfTheFirstThatFailsIsTold) {
  with_spawner([](Spawner& spawner) {
    const pipe_limit wrong = {9999, 0, 0};
    Command command = {"/no/such/program"};
    command.options.cwd = "/no/such/folder";
    command.options.flags = PIPE_SPAWN_DEATH_SIGNAL;
    command.options.death_signal = 65;
    EXPECT_EQ(failed(spawner, command), (Failed{-ENOENT, PIPE_STEP_DIRECTORY, 0}));
    command.options.cwd = nullptr;
    EXPECT_EQ(failed(spawner, command), (Failed{-EINVAL, PIPE_STEP_DEATH_SIGNAL, 0}));
    command.options.limits = &wrong;
    command.options.limit_count = 1;
    EXPECT_EQ(failed(spawner, command), (Failed{-EINVAL, PIPE_STEP_LIMIT, 0}));
    command.descriptors({Command::pipe(0), Command::from(1, PIPE_SOURCE_FD, 100000), Command::pipe(2)});
    EXPECT_EQ(failed(spawner, command), (Failed{-EBADF, PIPE_STEP_DESCRIPTOR, 1}));
  });
}

INSTANTIATE_TEST_SUITE_P(By, SpawnStep, ways(), way_name);

}  // namespace
}  // namespace pipe_core
