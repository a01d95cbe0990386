#include "family.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <cerrno>
#include <map>
#include <memory>
#include <thread>
#include <vector>

#include "descriptors.h"
#include "family_tree.h"
#include "forked.h"
#include "pipe.h"

namespace pipe_core {
namespace {

char state_of(pid_t pid) {
  ProcessStat process = {};
  EXPECT_EQ(read_process(pid, &process), 0);
  return process.state;
}

// Reaps until no child is left: how many were killed by which signal.
std::map<int, int> all_deaths() {
  std::map<int, int> deaths;
  int status = 0;
  while (::waitpid(-1, &status, 0) > 0) ++deaths[WIFSIGNALED(status) ? WTERMSIG(status) : 0];
  EXPECT_EQ(errno, ECHILD) << "somebody lives on";
  return deaths;
}

// A root with a child, and a grandchild that leads a session of its own. Each says `r` when it is ready.
void three_generations(const FamilyTree& tree) {
  fork_member([&] {
    fork_member([&] {
      ::setsid();
      tree.say('r');
      rest();
    });
    ::setpgid(0, 0);
    tree.say('r');
    rest();
  });
  tree.say('r');
  rest();
}

// With pidfds and without.
class FamilyTest : public testing::TestWithParam<bool> {
 protected:
  static std::unique_ptr<Family> open(const FamilyTree& tree) { return tree.open(GetParam()); }
};

TEST_P(FamilyTest, ReachesOtherGroupsAndSessions) {
  for (const int signum : {SIGTERM, SIGKILL, SIGUSR1}) {
    const FamilyTree tree(three_generations);
    for (int i = 0; i < 3; ++i) tree.hear('r');
    const auto family = open(tree);
    EXPECT_EQ(family->living(), 3U);
    EXPECT_EQ(family->signal(signum), 0);
    EXPECT_EQ(all_deaths(), (std::map<int, int>{{signum, 3}}));
    EXPECT_EQ(family->living(), 0U);
    EXPECT_EQ(family->signal(signum), PIPE_EXITED);
  }
}

TEST_P(FamilyTest, LeavesTheHostsOtherChildrenAlone) {
  const FamilyTree other(three_generations);
  const FamilyTree tree(three_generations);
  for (int i = 0; i < 3; ++i) tree.hear('r');
  EXPECT_EQ(open(tree)->signal(SIGKILL), 0);
  EXPECT_EQ(death_of(tree.root()), SIGKILL);
  EXPECT_EQ(::kill(other.root(), SIGXCPU), 0);  // an earlier SIGSTOP would hold it back, an earlier SIGKILL win
  EXPECT_EQ(death_of(other.root()), SIGXCPU);
}

TEST_P(FamilyTest, ReachesATreeThatForksAllTheTime) {
  for (int round = 0; round < 20 && !HasFailure(); ++round) {
    const int signum = round % 2 == 0 ? SIGKILL : SIGTERM;
    const FamilyTree tree([](const FamilyTree& here) {
      here.say('r');
      for (int i = 0; i < 200; ++i) {
        fork_member([] {
          fork_member(rest);
          rest();
        });
      }
      rest();
    });
    tree.hear('r');
    EXPECT_EQ(open(tree)->signal(signum), 0);
    const auto deaths = all_deaths();
    EXPECT_EQ(deaths.size(), 1U);
    EXPECT_EQ(deaths.count(signum), 1U);
  }
}

// A fork(2) that copies much memory is on its way when its process is stopped, and the main thread stands already.
TEST_P(FamilyTest, ReachesWhatAnotherThreadWasForking) {
  for (int round = 0; round < 10 && !HasFailure(); ++round) {
    const FamilyTree tree([](const FamilyTree& here) {
      const std::vector<char> memory(size_t{64} << 20, 'x');
      std::thread([&] {
        here.say(memory.back() == 'x' ? 'r' : 'e');
        for (int i = 0; i < 100; ++i) fork_member(rest);
        rest();
      }).detach();
      rest();
    });
    tree.hear('r');
    EXPECT_EQ(open(tree)->signal(SIGKILL), 0);
    const auto deaths = all_deaths();
    EXPECT_EQ(deaths.size(), 1U);
    EXPECT_EQ(deaths.count(SIGKILL), 1U);
  }
}

TEST_P(FamilyTest, ReachesAParentThatWaitsInVfork) {
  const FamilyTree tree([](const FamilyTree& here) {
    static char stack[65536];
    const auto child = [](void* parents_tree) -> int {
      static_cast<const FamilyTree*>(parents_tree)->say('r');
      while (true) ::pause();
    };
    const void* borrowed = &here;
    ::clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, const_cast<void*>(borrowed));
  });
  tree.hear('r');
  EXPECT_EQ(open(tree)->signal(SIGTERM), 0);
  EXPECT_EQ(death_of(tree.root()), SIGTERM);
  tree.hear_nothing_more();
}

TEST_P(FamilyTest, IsNotMisledByNames) {
  const FamilyTree tree([](const FamilyTree& here) {
    ::prctl(PR_SET_NAME, ") R 1 (");
    fork_member([&] {
      ::prctl(PR_SET_NAME, "a) Z 1 1 1");
      fork_member([&] {
        here.say('r');
        rest();
      });
      rest();
    });
    rest();
  });
  tree.hear('r');
  const auto family = open(tree);
  EXPECT_EQ(family->living(), 3U);
  EXPECT_EQ(family->signal(SIGKILL), 0);
  tree.hear_nothing_more();
}

TEST_P(FamilyTest, LetsAStoppedMemberHandleItsSignalAndGoOn) {
  const FamilyTree tree([](const FamilyTree& here) {
    here.say_on(SIGTERM, 't');
    ::raise(SIGSTOP);
    rest();
  });
  int status = 0;
  ASSERT_EQ(::waitpid(tree.root(), &status, WUNTRACED), tree.root());
  ASSERT_TRUE(WIFSTOPPED(status));
  EXPECT_EQ(open(tree)->signal(SIGTERM), 0);
  tree.hear('t');
}

TEST_P(FamilyTest, KeepsHoldOfThoseWhoseParentHasGoneAndOfTheirDescendantsOfNow) {
  const FamilyTree tree([](const FamilyTree& here) {
    ::setpgid(0, 0);  // first: the members tell by it whether their root is there
    fork_member([&] {
      ::signal(SIGTERM, SIG_IGN);
      here.say('r');
      while (::getppid() == ::getpgid(0)) ::sched_yield();  // until the root has gone
      fork_member([&] {
        here.say('n');
        rest();
      });
      rest();
    });
    rest();
  });
  const pid_t stubborn = tree.hear('r');
  const auto family = open(tree);
  EXPECT_EQ(family->living(), 2U);
  EXPECT_EQ(family->signal(SIGTERM), 0);
  EXPECT_EQ(death_of(tree.root()), SIGTERM);
  const pid_t newborn = tree.hear('n');
  EXPECT_EQ(family->living(), 1U);
  EXPECT_EQ(family->signal(SIGKILL), 0);
  EXPECT_EQ(death_of(stubborn), SIGKILL);
  EXPECT_EQ(death_of(newborn), SIGKILL);
  EXPECT_EQ(family->signal(0), PIPE_EXITED);
}

TEST_P(FamilyTest, DoesNotCountZombies) {
  const FamilyTree tree([](const FamilyTree& here) {
    here.say_on(SIGUSR1, 'u');
    const pid_t child = fork_member([&] { rest(); });
    ::kill(child, SIGKILL);
    siginfo_t info;
    ::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT);
    here.say('r');
    rest();
  });
  tree.hear('r');
  const auto family = open(tree);
  EXPECT_EQ(family->living(), 1U);
  EXPECT_EQ(::kill(tree.root(), SIGKILL), 0);
  siginfo_t info;
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(tree.root()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(family->living(), 0U);
  for (const int signum : {0, SIGCONT, SIGTERM, SIGKILL}) EXPECT_EQ(family->signal(signum), PIPE_EXITED);
}

TEST_P(FamilyTest, OfARootThatHasExitedIsEmpty) {
  const FamilyTree tree([](const FamilyTree&) {});
  siginfo_t info;
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(tree.root()), &info, WEXITED | WNOWAIT), 0);
  const auto family = open(tree);
  EXPECT_EQ(family->living(), 0U);
  EXPECT_EQ(family->signal(SIGKILL), PIPE_EXITED);
}

TEST_P(FamilyTest, OnlyAsksBySignalZero) {
  const FamilyTree tree(three_generations);
  for (int i = 0; i < 3; ++i) tree.hear('r');
  const auto family = open(tree);
  EXPECT_EQ(family->signal(0), 0);
  int status = 0;
  EXPECT_EQ(::waitpid(tree.root(), &status, WNOHANG | WUNTRACED | WCONTINUED), 0);
  EXPECT_EQ(family->living(), 3U);
}

TEST_P(FamilyTest, RefusesWhatIsNoSignal) {
  const FamilyTree tree([](const FamilyTree&) { rest(); });
  const auto family = open(tree);
  for (const int signum : {-1, 65, 1000}) EXPECT_EQ(family->signal(signum), PIPE_INVALID_SIGNAL);
  EXPECT_EQ(family->signal(64), 0);
  EXPECT_EQ(death_of(tree.root()), 64);
}

TEST_P(FamilyTest, StaysStoppedBySigstopAndGoesOnBySigcont) {
  const FamilyTree tree([](const FamilyTree& here) {
    here.say_on(SIGCONT, 'c');
    fork_member([&] {
      here.say('r');
      rest();
    });
    rest();
  });
  const pid_t child = tree.hear('r');
  const auto family = open(tree);
  EXPECT_EQ(family->signal(SIGSTOP), 0);
  EXPECT_EQ(state_of(tree.root()), 'T');
  EXPECT_EQ(state_of(child), 'T');
  EXPECT_EQ(family->living(), 2U);
  EXPECT_EQ(family->signal(SIGCONT), 0);
  EXPECT_NE(tree.hear('c'), tree.hear('c'));
}

TEST_P(FamilyTest, GetsTheSignalsOfTheTerminal) {
  for (const int signum : {SIGTSTP, SIGTTIN, SIGTTOU}) {
    const FamilyTree tree([signum](const FamilyTree& here) {
      here.say_on(signum, 's');
      fork_member([&] {
        here.say('r');
        rest();
      });
      rest();
    });
    tree.hear('r');
    EXPECT_EQ(open(tree)->signal(signum), 0);
    EXPECT_NE(tree.hear('s'), tree.hear('s'));
  }
}

TEST_P(FamilyTest, ShowsNoParentAChildThatHasStopped) {
  for (int round = 0; round < 50 && !HasFailure(); ++round) {
    const FamilyTree tree([](const FamilyTree& here) {
      const pid_t child = fork_member([&] {
        here.say('r');
        rest();
      });
      ::signal(SIGTERM, SIG_IGN);
      here.say('r');
      int status = 0;
      ::waitpid(child, &status, WUNTRACED);
      here.say(WIFSIGNALED(status) ? 'k' : 's');
      rest();
    });
    tree.hear('r');
    tree.hear('r');
    EXPECT_EQ(open(tree)->signal(SIGTERM), 0);
    EXPECT_EQ(tree.hear('k'), tree.root());
  }
}

TEST_P(FamilyTest, TellsWhomItMayNotSignalAndReachesTheOthers) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs two users";
  const bool with_pidfds = GetParam();
  in_forked_process([with_pidfds] {
    const FamilyTree tree([](const FamilyTree& here) {
      const pid_t child = fork_member([&] {
        if (::setresuid(65534, 65534, 65534) == 0) here.say('r');
        rest();
      });
      ::waitpid(child, nullptr, 0);
      here.say('d');
    });
    tree.hear('r');
    ASSERT_EQ(::setresuid(65534, 65534, 65534), 0);
    EXPECT_EQ(tree.open(with_pidfds)->signal(SIGTERM), -EPERM);
    EXPECT_EQ(tree.hear('d'), tree.root());
    EXPECT_EQ(death_of(tree.root()), 0);
  });
}

TEST_P(FamilyTest, IsDeadInAForkOfTheHost) {
  const FamilyTree tree(three_generations);
  for (int i = 0; i < 3; ++i) tree.hear('r');
  const auto family = open(tree);
  in_forked_process([&] {
    EXPECT_EQ(family->living(), 0U);
    for (const int signum : {0, SIGCONT, SIGKILL}) EXPECT_EQ(family->signal(signum), PIPE_EXITED);
    EXPECT_EQ(family->signal(-1), PIPE_INVALID_SIGNAL);
  });
  EXPECT_EQ(family->living(), 3U);
  EXPECT_EQ(family->signal(SIGTERM), 0);
  EXPECT_EQ(all_deaths(), (std::map<int, int>{{SIGTERM, 3}}));
}

INSTANTIATE_TEST_SUITE_P(With, FamilyTest, testing::Bool(),
                         [](const auto& each) { return each.param ? "Pidfds" : "Pids"; });

}  // namespace
}  // namespace pipe_core
