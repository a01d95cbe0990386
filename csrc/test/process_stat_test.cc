#include "process_stat.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "descriptors.h"
#include "family_tree.h"
#include "real_child.h"

namespace pipe_core {
namespace {

// Stands in vfork(2) until its child has gone.
void wait_in_vfork(const FamilyTree& tree) {
  static char stack[65536];
  const auto child = [](void*) -> int {
    while (true) ::pause();
  };
  tree.say('v');
  ::clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, nullptr);
}

void await_motion(pid_t pid, Motion motion) {
  while (motion_of(pid) != motion) ::sched_yield();
}

// A sanitizer may have threads of its own in any process.
long threads_of(pid_t pid) {
  const std::filesystem::directory_iterator threads("/proc/" + std::to_string(pid) + "/task");
  return std::distance(begin(threads), end(threads));
}

TEST(ProcessStat, IsReadBehindAnyName) {
  for (const char* name : {"plain", ") R 1 (", "a) Z 1 1 1", "(((", ")))", "a\nb", ""}) {
    const FamilyTree tree([name](const FamilyTree& here) {
      ::prctl(PR_SET_NAME, name);
      here.say('r');
      rest();
    });
    tree.hear('r');
    await_motion(tree.root(), Motion::kRuns);
    ProcessStat process = {};
    ASSERT_EQ(read_process(tree.root(), &process), 0) << name;
    EXPECT_EQ(process.pid, tree.root()) << name;
    EXPECT_EQ(process.parent, ::getpid()) << name;
    EXPECT_EQ(process.threads, threads_of(tree.root())) << name;
    EXPECT_NE(std::string("RS").find(process.state), std::string::npos) << name;
    EXPECT_FALSE(process.exited()) << name;
  }
}

TEST(ProcessStat, TellsProcessesApartByTheirStart) {
  ProcessStat self = {};
  ProcessStat again = {};
  ASSERT_EQ(read_process(::getpid(), &self), 0);
  const RealChild child;
  ProcessStat younger = {};
  do {  // the clock ticks a hundred times a second
    const RealChild other;
    ASSERT_EQ(read_process(other.pid(), &younger), 0);
    other.end();
    other.reap();
  } while (younger.start_time == self.start_time);
  EXPECT_GT(younger.start_time, self.start_time);
  ASSERT_EQ(read_process(::getpid(), &again), 0);
  EXPECT_EQ(again.start_time, self.start_time);
  child.end();
  child.reap();
}

TEST(ProcessStat, KnowsWhoHasExitedUntilHeIsReaped) {
  const RealChild child;
  ProcessStat process = {};
  ASSERT_EQ(read_process(child.pid(), &process), 0);
  EXPECT_FALSE(process.exited());
  child.end_and_await_death();
  ASSERT_EQ(read_process(child.pid(), &process), 0);
  EXPECT_TRUE(process.exited());
  EXPECT_EQ(motion_of(child.pid()), Motion::kStands);
  child.reap();
  EXPECT_EQ(read_process(child.pid(), &process), -ESRCH);
  EXPECT_EQ(motion_of(child.pid()), Motion::kStands);
}

TEST(ProcessStat, DoesNotTakeAProcessForDeadWhoseMainThreadHasEnded) {
  const FamilyTree tree([](const FamilyTree& here) {
    std::thread([&] {
      here.say('r');
      rest();
    }).detach();
    ::syscall(SYS_exit, 0);
  });
  tree.hear('r');
  ProcessStat process = {};
  do {
    ASSERT_EQ(read_process(tree.root(), &process), 0);
  } while (process.state != 'Z');
  EXPECT_EQ(process.threads, threads_of(tree.root()));
  EXPECT_FALSE(process.exited());
  EXPECT_EQ(motion_of(tree.root()), Motion::kRuns);
}

TEST(ProcessStat, ListsEveryProcessOnce) {
  const RealChild child;
  std::vector<ProcessStat> processes;
  ASSERT_EQ(read_processes(&processes), 0);
  for (const pid_t pid : {::getpid(), child.pid()}) {
    EXPECT_EQ(std::count_if(processes.begin(), processes.end(), [pid](const auto& each) { return each.pid == pid; }),
              1);
  }
  child.end();
  child.reap();
}

TEST(Motion, EndsWithAStopAndGoesOnAfterIt) {
  const FamilyTree tree([](const FamilyTree&) { rest(); });
  EXPECT_EQ(motion_of(tree.root()), Motion::kRuns);
  EXPECT_EQ(::kill(tree.root(), SIGSTOP), 0);
  int status = 0;
  EXPECT_EQ(::waitpid(tree.root(), &status, WUNTRACED), tree.root());
  EXPECT_EQ(motion_of(tree.root()), Motion::kStands);
  EXPECT_EQ(::kill(tree.root(), SIGCONT), 0);
  await_motion(tree.root(), Motion::kRuns);
}

TEST(Motion, IsBlockedInVfork) {
  const FamilyTree tree([](const FamilyTree& here) { wait_in_vfork(here); });
  tree.hear('v');
  await_motion(tree.root(), Motion::kBlocked);
}

TEST(Motion, IsThatOfTheLiveliestThread) {
  const FamilyTree tree([](const FamilyTree& here) {
    std::thread([] { rest(); }).detach();
    wait_in_vfork(here);
  });
  tree.hear('v');
  ProcessStat process = {};
  do {
    ASSERT_EQ(read_process(tree.root(), &process), 0);
  } while (process.state != 'D');
  EXPECT_EQ(motion_of(tree.root()), Motion::kRuns);
}

}  // namespace
}  // namespace pipe_core
