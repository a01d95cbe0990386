#include "spawner.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "ways.h"

namespace pipe_core {
namespace {

class SpawnerTest : public InEachWay {};

std::set<int> numbers(const std::map<int, std::string>& descriptors) {
  std::set<int> found;
  for (const auto& [number, target] : descriptors) found.insert(number);
  return found;
}

TEST_P(SpawnerTest, StartsAProgramWithThreePipesAgainAndAgain) {
  with_spawner([](Spawner& spawner) {
    for (int round = 0; round < 3; ++round) {
      StartedChild started;
      ASSERT_EQ(start(started, spawner, Command::shell("read x; echo out $x; echo err $x >&2; exit 7")), 0);
      EXPECT_GT(started.child->pid(), 0);
      started.write("hello\n");
      EXPECT_EQ(started.read(PIPE_STDOUT), "out hello\n");
      EXPECT_EQ(started.read(PIPE_STDERR), "err hello\n");
      EXPECT_EQ(WEXITSTATUS(started.end()), 7);
    }
  });
}

TEST_P(SpawnerTest, GivesAPidfdToThoseWhoWantOne) {
  with_spawner([](Spawner& spawner) {
    StartedChild started;
    ASSERT_EQ(start(started, spawner, {"cat"}), 0);
    EXPECT_EQ(started.child->pidfd() >= 0, GetParam().has_pidfds);
    if (started.child->pidfd() >= 0) {
      EXPECT_EQ(::fcntl(started.child->pidfd(), F_GETFD), FD_CLOEXEC);
      siginfo_t info = {};
      EXPECT_EQ(::waitid(P_PIDFD, static_cast<id_t>(started.child->pidfd()), &info, WEXITED | WNOHANG), 0);
    }
    started.end();
  });
}

TEST_P(SpawnerTest, TheChildHasItsThreeDescriptorsAndNoOther) {
  with_spawner([](Spawner& spawner) {
    const UniqueFd inheritable(::eventfd(0, 0));
    const UniqueFd high(::fcntl(inheritable.get(), F_DUPFD, 900));
    StartedChild first;
    ASSERT_EQ(start(first, spawner, {"cat"}), 0);
    StartedChild started;
    Command cat = {"cat"};
    ASSERT_EQ(started.pipes.open(cat.options, &started.failure), 0);
    const auto before = open_descriptors();
    std::vector<std::string> pipes;
    for (const UniqueFd& child_end : started.pipes.child_ends) pipes.push_back(before.at(child_end.get()));
    ASSERT_EQ(spawner.spawn(cat.options, started.pipes, GetParam().has_pidfds, &started.failure, &started.child), 0);
    started.echo();
    const std::map<int, std::string> expected = {{0, pipes[0]}, {1, pipes[1]}, {2, pipes[2]}};
    EXPECT_EQ(open_descriptors(started.proc()), expected);
    first.end();
    started.end();
  });
}

TEST_P(SpawnerTest, AMergedStderrIsTheStdout) {
  with_spawner([](Spawner& spawner) {
    Command cat = {"cat"};
    cat.merge_stderr();
    StartedChild started;
    ASSERT_EQ(started.start(spawner, cat, GetParam().has_pidfds), 0);
    started.echo();
    const auto descriptors = open_descriptors(started.proc());
    EXPECT_EQ(numbers(descriptors), (std::set<int>{0, 1, 2}));
    EXPECT_EQ(descriptors.at(1), descriptors.at(2));
    started.end();
  });
}

TEST_P(SpawnerTest, HighDescriptorsGoOntoLowSlotsThatAreReservedAgainAfterwards) {
  with_spawner([](Spawner& spawner) {
    std::vector<UniqueFd> low;
    do {
      low.emplace_back(::eventfd(0, EFD_CLOEXEC));
    } while (low.back().get() < 300);
    for (int round = 0; round < 2; ++round) {
      const auto before = open_descriptors();
      StartedChild started;
      ASSERT_EQ(start(started, spawner, {"cat"}), 0);
      ASSERT_GT(started.pipes.parent_ends[PIPE_STDIN].get(), 300);
      started.echo();
      EXPECT_EQ(numbers(open_descriptors(started.proc())), (std::set<int>{0, 1, 2}));
      started.end();
      started = StartedChild();
      EXPECT_EQ(open_descriptors(), before);
    }
  });
}

TEST_P(SpawnerTest, SomeLowAndSomeHighDescriptorsDoNotGetInEachOthersWay) {
  with_spawner([](Spawner& spawner) {
    std::vector<UniqueFd> low;
    do {
      low.emplace_back(::eventfd(0, EFD_CLOEXEC));
    } while (low.back().get() < 100);
    for (size_t freed = 0; freed < 6; ++freed) {
      low[freed].reset();
      StartedChild started;
      ASSERT_EQ(start(started, spawner, Command::shell("read x; echo $x; echo err >&2")), 0);
      started.write("in\n");
      EXPECT_EQ(started.read(PIPE_STDOUT), "in\n");
      EXPECT_EQ(started.read(PIPE_STDERR), "err\n");
      started.end();
    }
  });
}

std::map<std::string, std::string> signals_of(const std::string& process) {
  std::ifstream status("/proc/" + process + "/status");
  std::map<std::string, std::string> found;
  for (std::string key, value; status >> key >> value;) {
    if (key == "SigBlk:" || key == "SigIgn:" || key == "SigCgt:") found[key] = value;
    status.ignore(1 << 10, '\n');
  }
  return found;
}

TEST_P(SpawnerTest, TheChildsSignalsAreAtTheirDefaultAndTheHostsUntouched) {
  with_spawner([](Spawner& spawner) {
    ::signal(SIGPIPE, SIG_IGN);
    ::signal(SIGUSR1, [](int) {});
    sigset_t blocked;
    ::sigemptyset(&blocked);
    for (const int signum : {SIGTERM, SIGRTMIN, SIGRTMAX}) ::sigaddset(&blocked, signum);
    ::sigprocmask(SIG_SETMASK, &blocked, nullptr);
    const auto hosts = signals_of("self");
    StartedChild started;
    ASSERT_EQ(start(started, spawner, {"cat"}), 0);
    started.echo();
    const std::string none = "0000000000000000";
    const std::map<std::string, std::string> expected = {{"SigBlk:", none}, {"SigIgn:", none}, {"SigCgt:", none}};
    EXPECT_EQ(signals_of(started.proc()), expected);
    EXPECT_EQ(signals_of("self"), hosts);
    started.end();
  });
}

TEST_P(SpawnerTest, TheChildsEnvironmentIsTheGivenOneOrTheHosts) {
  with_spawner([](Spawner& spawner) {
    ::setenv("FROM_THE_HOST", "yes", 1);
    const char* const variables[] = {"ONLY=this", nullptr};
    const char* const none[] = {nullptr};
    Command env = {"/usr/bin/env"};
    for (const char* const* envp : {variables, none}) {
      env.options.envp = envp;
      StartedChild started;
      ASSERT_EQ(started.start(spawner, env, GetParam().has_pidfds), 0);
      EXPECT_EQ(started.read(PIPE_STDOUT), envp == none ? "" : "ONLY=this\n");
      started.end();
    }
    env.options.envp = nullptr;
    StartedChild started;
    ASSERT_EQ(started.start(spawner, env, GetParam().has_pidfds), 0);
    EXPECT_NE(started.read(PIPE_STDOUT).find("FROM_THE_HOST=yes\n"), std::string::npos);
    started.end();
  });
}

INSTANTIATE_TEST_SUITE_P(By, SpawnerTest, ways(), way_name);

}  // namespace
}  // namespace pipe_core
