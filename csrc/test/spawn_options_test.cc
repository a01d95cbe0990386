// Where the child starts, and what it may use: directory, umask, limits, nice value, processors, orphans below it. The
// host keeps its own.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "programs.h"
#include "ways.h"

namespace pipe_core {
namespace {

class SpawnOptions : public InEachWay {};

TEST_P(SpawnOptions, StartsInTheGivenDirectoryWhileTheHostStaysInItsOwn) {
  const ProgramFolder folder;
  const std::string hosts = std::filesystem::current_path();
  with_spawner([&](Spawner& spawner) {
    Command pwd = {"/bin/pwd"};
    pwd.options.cwd = folder.path().c_str();
    EXPECT_EQ(output(spawner, pwd), std::filesystem::canonical(folder.path()).string() + "\n");
    EXPECT_EQ(std::filesystem::current_path().string(), hosts);
    pwd.options.cwd = nullptr;
    EXPECT_EQ(output(spawner, pwd), hosts + "\n");
  });
}

TEST_P(SpawnOptions, FindsARelativeProgramFromTheGivenDirectory) {
  const ProgramFolder folder;
  folder.add("tool", "#!/bin/sh\necho found\n", 0755);
  with_spawner([&](Spawner& spawner) {
    Command tool = {"./tool"};
    tool.options.cwd = folder.path().c_str();
    EXPECT_EQ(output(spawner, tool), "found\n");
  });
}

TEST_P(SpawnOptions, OpensFilesFromTheHostsDirectoryNotTheChilds) {
  const ProgramFolder hosts;
  const ProgramFolder childs;
  hosts.add("file", "the host's", 0644);
  childs.add("file", "the child's", 0644);
  with_spawner([&](Spawner& spawner) {
    std::filesystem::current_path(hosts.path());
    Command cat = {"cat"};
    cat.options.cwd = childs.path().c_str();
    cat.descriptors({Command::file(0, "file", PIPE_ACCESS_READ), Command::pipe(1), Command::pipe(2)});
    EXPECT_EQ(output(spawner, cat), "the host's");
  });
}

TEST_P(SpawnOptions, SetsTheUmaskOfTheChildOnly) {
  with_spawner([](Spawner& spawner) {
    ::umask(022);
    Command command = stopping();
    command.options.flags = PIPE_SPAWN_UMASK;
    for (const unsigned mask : {0U, 027U, 0777U}) {
      command.options.umask = mask;
      look_at(spawner, command,
              [&](StartedChild& child) { EXPECT_EQ(std::stoul(status_of(child.proc(), "Umask"), nullptr, 8), mask); });
    }
    command.options.flags = 0;
    look_at(spawner, command,
            [](StartedChild& child) { EXPECT_EQ(std::stoul(status_of(child.proc(), "Umask"), nullptr, 8), 022U); });
    EXPECT_EQ(::umask(022), 022U);
  });
}

TEST_P(SpawnOptions, SetsTheNiceValueItself) {
  with_spawner([](Spawner& spawner) {
    ASSERT_EQ(::setpriority(PRIO_PROCESS, 0, 3), 0);
    Command command = stopping();
    command.options.nice = 7;
    for (const unsigned flags : {0U, static_cast<unsigned>(PIPE_SPAWN_NICE)}) {
      command.options.flags = flags;
      look_at(spawner, command, [&](StartedChild& child) {
        EXPECT_EQ(::getpriority(PRIO_PROCESS, static_cast<id_t>(child.child->pid())), flags == 0 ? 3 : 7);
      });
    }
    EXPECT_EQ(::getpriority(PRIO_PROCESS, 0), 3);
  });
}

TEST_P(SpawnOptions, SetsLimitsInTheirOrder) {
  with_spawner([](Spawner& spawner) {
    rlimit hosts;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &hosts), 0);
    const pipe_limit limits[] = {
        {RLIMIT_NOFILE, 100, 200}, {RLIMIT_CORE, 0, 0}, {RLIMIT_CPU, 1000, ~uint64_t{0}}, {RLIMIT_NOFILE, 50, 60}};
    Command command = stopping();
    command.options.limits = limits;
    command.options.limit_count = std::size(limits);
    look_at(spawner, command, [](StartedChild& child) {
      const auto limit_of = [&child](__rlimit_resource resource) {
        rlimit limit = {};
        EXPECT_EQ(::prlimit(child.child->pid(), resource, nullptr, &limit), 0);
        return std::pair(limit.rlim_cur, limit.rlim_max);
      };
      EXPECT_EQ(limit_of(RLIMIT_NOFILE), std::pair(rlim_t{50}, rlim_t{60}));
      EXPECT_EQ(limit_of(RLIMIT_CORE), std::pair(rlim_t{0}, rlim_t{0}));
      EXPECT_EQ(limit_of(RLIMIT_CPU), std::pair(rlim_t{1000}, RLIM_INFINITY));
    });
    rlimit now;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
    EXPECT_EQ(now.rlim_cur, hosts.rlim_cur);
    EXPECT_EQ(now.rlim_max, hosts.rlim_max);
  });
}

TEST_P(SpawnOptions, GivesDescriptorsAboveTheChildsNewLimit) {
  with_spawner([](Spawner& spawner) {
    const pipe_limit limit = {RLIMIT_NOFILE, 10, 10};
    Command command = stopping();
    command.options.limits = &limit;
    command.options.limit_count = 1;
    command.descriptors({Command::pipe(0), Command::pipe(1), Command::pipe(2), Command::from(20, PIPE_SOURCE_NULL)});
    look_at(spawner, command, [](StartedChild& child) { EXPECT_EQ(open_descriptors(child.proc())[20], "/dev/null"); });
  });
}

std::vector<int> processors_of(pid_t pid) {
  cpu_set_t set;
  EXPECT_EQ(::sched_getaffinity(pid, sizeof set, &set), 0);
  std::vector<int> found;
  for (int number = 0; number < CPU_SETSIZE; ++number) {
    if (CPU_ISSET(number, &set)) found.push_back(number);
  }
  return found;
}

TEST_P(SpawnOptions, RunsOnTheGivenProcessors) {
  with_spawner([](Spawner& spawner) {
    const std::vector<int> hosts = processors_of(0);
    for (const int number : {hosts.front(), hosts.back()}) {
      std::vector<uint8_t> mask(static_cast<size_t>(number) / 8 + 1);
      mask.back() = static_cast<uint8_t>(1U << number % 8);
      Command command = stopping();
      command.options.flags = PIPE_SPAWN_AFFINITY;
      command.options.affinity = mask.data();
      command.options.affinity_size = mask.size();
      look_at(spawner, command,
              [&](StartedChild& child) { EXPECT_EQ(processors_of(child.child->pid()), std::vector<int>{number}); });
    }
    EXPECT_EQ(processors_of(0), hosts);
  });
}

TEST_P(SpawnOptions, RunsOnAllProcessorsAlsoWhenTheHostIsPinned) {
  with_spawner([](Spawner& spawner) {
    const std::vector<int> all = processors_of(0);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(all.front(), &one);
    ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
    const std::vector<uint8_t> mask(1024, 0xFF);
    Command command = stopping();
    look_at(spawner, command,
            [&](StartedChild& child) { EXPECT_EQ(processors_of(child.child->pid()), std::vector<int>{all.front()}); });
    command.options.flags = PIPE_SPAWN_AFFINITY;
    command.options.affinity = mask.data();
    command.options.affinity_size = mask.size();
    look_at(spawner, command, [&](StartedChild& child) { EXPECT_EQ(processors_of(child.child->pid()), all); });
  });
}

// Its grandchild loses its parent, is told to go on, and says who is its parent now.
constexpr const char* kTellsWhoGetsItsOrphan = R"(
  exec 3<&0
  ({ read go; read pid name state parent rest </proc/self/stat; echo $parent; } <&3 &)
  echo orphaned
  kill -STOP $$)";

TEST_P(SpawnOptions, KeepsOrphansBelowTheChildThatIsASubreaper) {
  with_spawner([](Spawner& spawner) {
    for (const unsigned flags : {0U, static_cast<unsigned>(PIPE_SPAWN_SUBREAPER)}) {
      Command command = Command::shell(kTellsWhoGetsItsOrphan);
      command.options.flags = flags;
      StartedChild started;
      ASSERT_EQ(start(started, spawner, command), 0);
      ASSERT_EQ(started.read(PIPE_STDOUT, 9), "orphaned\n");
      started.write("go\n");
      std::string parent;
      do {
        parent += started.read(PIPE_STDOUT, 1);
      } while (parent.back() != '\n');
      EXPECT_EQ(parent == started.proc() + "\n", flags != 0) << parent;
      ::kill(started.child->pid(), SIGKILL);
      started.end();
    }
  });
}

INSTANTIATE_TEST_SUITE_P(By, SpawnOptions, ways(), way_name);

}  // namespace
}  // namespace pipe_core
