// Which descriptors the child has: the wanted ones, wherever they come from, and no other.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "ways.h"

namespace pipe_core {
namespace {

// A descriptor that the kernel calls by a name of its own, at the first free number from `lowest` up: the test process
// may have inherited some.
UniqueFd named(const std::string& name, int lowest = 3) {
  const UniqueFd file(::memfd_create(name.c_str(), MFD_CLOEXEC));
  return UniqueFd(::fcntl(file.get(), F_DUPFD_CLOEXEC, lowest));
}

// Gives the test process other descriptors 0, 1 and 2, and its own back afterwards: gtest prints to them.
class OtherStdio {
 public:
  OtherStdio() {
    for (int number = 0; number < 3; ++number) {
      own_[number].reset(::fcntl(number, F_DUPFD_CLOEXEC, 500));
      ::dup3(named("stdio" + std::to_string(number)).get(), number, O_CLOEXEC);
    }
  }
  OtherStdio(const OtherStdio&) = delete;
  OtherStdio& operator=(const OtherStdio&) = delete;
  ~OtherStdio() {
    for (int number = 0; number < 3; ++number) ::dup2(own_[number].get(), number);
  }

 private:
  UniqueFd own_[3];
};

// By the child's number, the host's.
using Wanted = std::map<int, int>;

class SpawnDescriptors : public InEachWay {
 protected:
  // The child gets copies of the host's, and just these.
  static void expect_wired(Spawner& spawner, const Wanted& wanted) {
    const auto hosts = open_descriptors();
    std::map<int, std::string> expected;
    std::vector<pipe_descriptor> descriptors;
    for (const auto& [number, fd] : wanted) {
      descriptors.push_back(Command::from(number, PIPE_SOURCE_FD, fd));
      expected[number] = hosts.at(fd);
    }
    Command command = stopping();
    command.options.descriptors = descriptors.data();
    command.options.descriptor_count = descriptors.size();
    look_at(spawner, command, [&](StartedChild& child) { EXPECT_EQ(open_descriptors(child.proc()), expected); });
    EXPECT_EQ(open_descriptors(), hosts);
  }
};

TEST_P(SpawnDescriptors, EveryMappingOfTheHostsFirstThreeOntoTheChilds) {
  with_spawner([](Spawner& spawner) {
    for (int in = 0; in < 3; ++in) {
      for (int out = 0; out < 3; ++out) {
        for (int err = 0; err < 3; ++err) {
          const OtherStdio hosts;
          expect_wired(spawner, {{0, in}, {1, out}, {2, err}});
        }
      }
    }
  });
}

TEST_P(SpawnDescriptors, SwapsAndTurnsThoseBeyondTheFirstThree) {
  with_spawner([](Spawner& spawner) {
    std::vector<UniqueFd> files;
    std::vector<int> at;
    for (int i = 0; i < 6; ++i) {
      files.push_back(named("f" + std::to_string(i), i == 0 ? 20 : at.back() + 1));
      at.push_back(files.back().get());
    }
    const int a = at[0];
    const int b = at[1];
    const int c = at[2];
    expect_wired(spawner, {{0, 0}, {1, 0}, {2, 0}, {a, b}, {b, a}});
    expect_wired(spawner, {{0, 0}, {1, 0}, {2, 0}, {a, b}, {b, c}, {c, a}});
    expect_wired(spawner, {{0, 0}, {1, 0}, {2, 0}, {a, c}, {b, a}, {c, b}});
    expect_wired(spawner, {{0, 0}, {1, 0}, {2, 0}, {a, a}, {b, a}, {c, a}});
    expect_wired(spawner, {{0, c}, {1, b}, {2, a}, {a, at[5]}, {b, at[4]}, {at[5], at[3]}});
    expect_wired(spawner, {{0, a}, {1, a}, {2, a}, {3, at[5]}, {a, 1}, {at[4], 0}});
  });
}

TEST_P(SpawnDescriptors, ThatAreTheSameNumberInHostAndChildLoseTheirCloexecInTheChildOnly) {
  with_spawner([](Spawner& spawner) {
    const UniqueFd same = named("same");
    expect_wired(spawner, {{0, same.get()}, {1, 1}, {2, 2}, {same.get(), same.get()}});
    EXPECT_EQ(::fcntl(same.get(), F_GETFD), FD_CLOEXEC);
  });
}

TEST_P(SpawnDescriptors, FromAboveAndToAboveWhatTheChildCopiesOfTheTable) {
  with_spawner([](Spawner& spawner) {
    const UniqueFd files[] = {named("low"), named("middle", 64), named("high", 700), named("higher", 900)};
    const int low = files[0].get();
    const int middle = files[1].get();
    const int high = files[2].get();
    const int higher = files[3].get();
    expect_wired(spawner, {{0, high}, {1, middle}, {2, low}});
    expect_wired(spawner, {{0, low}, {1, low}, {2, low}, {high, low}});
    expect_wired(spawner, {{0, low}, {1, low}, {2, low}, {middle, higher}, {high, middle}, {higher, high}});
    expect_wired(spawner, {{0, low}, {1, low}, {2, low}, {3, higher}, {800, higher}, {higher, low}});
  });
}

TEST_P(SpawnDescriptors, OnAllLowNumbersSoThatWhateverTheSpawnNeedsHasToMakeWay) {
  with_spawner([](Spawner& spawner) {
    const UniqueFd file = named("file");
    Wanted wanted;
    for (int number = 0; number < 100; ++number) wanted[number] = file.get();
    expect_wired(spawner, wanted);
  });
}

TEST_P(SpawnDescriptors, OnAllLowNumbersDoNotHideAFailure) {
  with_spawner([](Spawner& spawner) {
    const UniqueFd file = named("file");
    std::vector<pipe_descriptor> descriptors;
    for (int number = 0; number < 100; ++number) {
      descriptors.push_back(Command::from(number, PIPE_SOURCE_FD, file.get()));
    }
    Command command = {"/no/such/program"};
    command.options.descriptors = descriptors.data();
    command.options.descriptor_count = descriptors.size();
    StartedChild started;
    EXPECT_EQ(start(started, spawner, command), -ENOENT);
    EXPECT_EQ(started.failure.step, PIPE_STEP_PROGRAM);
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_END), 0) << "nothing was told to the wrong one";
  });
}

TEST_P(SpawnDescriptors, ManyInAnyOrder) {
  with_spawner([](Spawner& spawner) {
    std::vector<UniqueFd> files;
    std::vector<int> numbers;
    for (int i = 0; i < 200; ++i) {
      files.push_back(named("f" + std::to_string(i), 20));
      numbers.push_back(files.back().get());
    }
    std::vector<int> sources = numbers;
    std::mt19937 order(1);  // NOLINT(bugprone-random-generator-seed): the same each time
    for (int round = 0; round < 5; ++round) {
      std::shuffle(sources.begin(), sources.end(), order);
      Wanted wanted = {{0, 0}, {1, 1}, {2, 2}};
      // Not all of them, so that sources lie between the wanted numbers too.
      for (size_t i = 0; i < numbers.size(); ++i) {
        if (i % 4 != 3) wanted[numbers[i]] = sources[i];
      }
      expect_wired(spawner, wanted);
    }
  });
}

TEST_P(SpawnDescriptors, OfEverySourceTogether) {
  with_spawner([](Spawner& spawner) {
    const UniqueFd passed = named("passed");
    Joint joint;
    ASSERT_EQ(joint.open(0), 0);
    const auto hosts = open_descriptors();
    Command command = stopping();
    pipe_descriptor out = Command::pipe(PIPE_STDOUT);
    out.joint = reinterpret_cast<pipe_joint*>(&joint);
    command.descriptors({Command::from(0, PIPE_SOURCE_NULL), out, Command::from(2, PIPE_SOURCE_STDOUT),
                         Command::from(4, PIPE_SOURCE_FD, passed.get()),
                         Command::file(7, "/dev/zero", PIPE_ACCESS_READ)});
    look_at(spawner, command, [&](StartedChild& child) {
      const std::string pipe = hosts.at(joint.writing_end.get());
      const std::map<int, std::string> expected = {
          {0, "/dev/null"}, {1, pipe}, {2, pipe}, {4, hosts.at(passed.get())}, {7, "/dev/zero"}};
      EXPECT_EQ(open_descriptors(child.proc()), expected);
    });
  });
}

TEST_P(SpawnDescriptors, OfATerminalAreItsFirstThreeAndWhatElseWasWanted) {
  with_spawner([](Spawner& spawner) {
    const UniqueFd passed = named("passed");
    Command command = stopping();
    command.options.flags = PIPE_SPAWN_PTY;
    command.descriptors(
        {Command::pipe(0), Command::pipe(1), Command::pipe(2), Command::from(5, PIPE_SOURCE_FD, passed.get())});
    look_at(spawner, command, [&](StartedChild& child) {
      auto found = open_descriptors(child.proc());
      EXPECT_EQ(found[0].rfind("/dev/pts/", 0), 0U) << found[0];
      const std::map<int, std::string> expected = {
          {0, found[0]}, {1, found[0]}, {2, found[0]}, {5, open_descriptors()[passed.get()]}};
      EXPECT_EQ(found, expected);
    });
  });
}

TEST_P(SpawnDescriptors, OfTheChildBlockAlsoThoseOfTheJointAndTheTerminal) {
  with_spawner([](Spawner& spawner) {
    for (const unsigned flags : {0U, static_cast<unsigned>(PIPE_SPAWN_PTY)}) {
      Command command = stopping();
      command.options.flags = flags;
      look_at(spawner, command, [](StartedChild& child) {
        for (const char* number : {"0", "1", "2"}) {
          std::ifstream info("/proc/" + child.proc() + "/fdinfo/" + number);
          std::string key;
          unsigned position = 1;
          unsigned shown = O_NONBLOCK;
          info >> key >> position >> key >> std::oct >> shown;
          EXPECT_EQ(key, "flags:");
          EXPECT_EQ(shown & O_NONBLOCK, 0U) << number;
        }
      });
    }
  });
}

TEST_P(SpawnDescriptors, BeyondTheLimitAreRefusedByTheirIndex) {
  with_spawner([](Spawner& spawner) {
    rlimit limit;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    Command command = stopping();
    command.descriptors({Command::pipe(0), Command::pipe(1), Command::pipe(2), Command::from(5, PIPE_SOURCE_NULL),
                         Command::from(static_cast<int>(limit.rlim_cur), PIPE_SOURCE_NULL)});
    StartedChild started;
    EXPECT_EQ(start(started, spawner, command), -EBADF);
    EXPECT_EQ(started.failure.step, PIPE_STEP_DESCRIPTOR);
    EXPECT_EQ(started.failure.index, 4);
    EXPECT_EQ(started.child, nullptr);
  });
}

// As few free numbers as it takes to fail at each place: in the host, where pipes, files and the pidfd are made, and in
// the child, where sources have to make way.
TEST_P(SpawnDescriptors, ThatRunOutAnywhereLeaveNothing) {
  with_spawner([](Spawner& spawner) {
    std::vector<UniqueFd> fillers;
    const int top = open_descriptors().rbegin()->first;
    do {
      fillers.push_back(named("filler"));
    } while (fillers.back().get() < top);
    rlimit limit;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto before = open_descriptors();
    const auto end = static_cast<rlim_t>(before.rbegin()->first) + 1;
    int status = -EMFILE;
    for (rlim_t spare = 0; status != 0; ++spare) {
      ASSERT_LT(spare, 20U);
      const rlimit few = {end + spare, limit.rlim_max};
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
      {
        Command command = stopping();
        command.descriptors({Command::pipe(0), Command::from(1, PIPE_SOURCE_FD, 2), Command::from(2, PIPE_SOURCE_FD, 1),
                             Command::file(3, "/dev/null", PIPE_ACCESS_WRITE), Command::from(4, PIPE_SOURCE_NULL)});
        StartedChild started;
        status = start(started, spawner, command);
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
        if (status == 0) {
          ::kill(started.child->pid(), SIGKILL);
          started.end();
        } else {
          EXPECT_EQ(status, -EMFILE) << spare;
          EXPECT_EQ(started.child, nullptr);
        }
      }
      EXPECT_EQ(open_descriptors(), before) << spare;
      EXPECT_FALSE(has_children()) << spare;
    }
  });
}

INSTANTIATE_TEST_SUITE_P(By, SpawnDescriptors, ways(), way_name);

}  // namespace
}  // namespace pipe_core
