// A family in a host that is short of something: of descriptors, memory, rights, or of /proc.
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <memory>
#include <vector>

#include "allocations.h"
#include "descriptors.h"
#include "family.h"
#include "family_tree.h"
#include "forked.h"
#include "real_child.h"
#include "sandbox.h"

namespace pipe_core {
namespace {

// A root, its child, and as many grandchildren. Returns when they have said `r`.
class Tree {
 public:
  explicit Tree(int grandchildren)
      : tree_([grandchildren](const FamilyTree& here) {
          fork_member([&] {
            for (int i = 0; i < grandchildren; ++i) {
              fork_member([&] {
                here.say('r');
                rest();
              });
            }
            rest();
          });
          rest();
        }) {
    for (int i = 0; i < grandchildren; ++i) tree_.hear('r');
  }
  const FamilyTree* operator->() const { return &tree_; }

 private:
  FamilyTree tree_;
};

int open_family(const Tree& tree, bool with_pidfds, std::unique_ptr<Family>* family) {
  return Family::open(Child(tree->root(), UniqueFd()), with_pidfds, family);
}

// The limit that leaves this many numbers free. Some above the lowest free one may be taken: descriptors are inherited
// from whoever runs the tests.
rlim_t limit_with(unsigned room) {
  rlim_t limit = 0;
  for (; room > 0; ++limit) {
    if (!is_open(static_cast<int>(limit))) --room;
  }
  return limit;
}

class FamilyShortage : public testing::TestWithParam<bool> {};

TEST_P(FamilyShortage, OfDescriptorsIsNoneWithTwo) {
  const bool with_pidfds = GetParam();
  for (unsigned room = 2; room < 10; ++room) {
    in_forked_process([with_pidfds, room] {
      const Tree tree(4);
      rlimit few = {};
      ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &few), 0);
      few.rlim_cur = limit_with(room);
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
      std::unique_ptr<Family> family;
      ASSERT_EQ(open_family(tree, with_pidfds, &family), 0) << room;
      EXPECT_EQ(family->living(), 6U) << room;
      EXPECT_EQ(family->signal(SIGTERM), 0) << room;
      tree->hear_nothing_more();
    });
  }
}

TEST_P(FamilyShortage, OfAllDescriptorsIsTold) {
  const bool with_pidfds = GetParam();
  in_forked_process([with_pidfds] {
    const Tree tree(1);
    std::unique_ptr<Family> family;
    ASSERT_EQ(open_family(tree, with_pidfds, &family), 0);
    rlimit before = {};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const rlimit none = {0, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    std::unique_ptr<Family> second;
    EXPECT_EQ(open_family(tree, with_pidfds, &second), -EMFILE);
    EXPECT_EQ(second, nullptr);
    EXPECT_EQ(family->signal(SIGTERM), -EMFILE);
    if (with_pidfds) tree->hear_nothing_more();  // who is held by a pidfd is reached all the same
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  });
}

TEST_P(FamilyShortage, OfMemoryLeavesNobodyStoppedOrUnreached) {
  int status = -ENOMEM;
  for (int enough = 0; status != 0; ++enough) {
    const Tree tree(3);
    std::unique_ptr<Family> family;
    ASSERT_EQ(open_family(tree, GetParam(), &family), 0);
    {
      const Allocations left(enough);
      status = family->signal(SIGTERM);
    }
    EXPECT_TRUE(status == 0 || status == -ENOMEM) << status;
    EXPECT_TRUE(status == 0 || enough < 50);
    tree->hear_nothing_more();
  }
}

// Not even one who was not born when the family was opened.
TEST_P(FamilyShortage, OfMemoryForAMomentMissesNobody) {
  for (int enough = 0; enough < 10; ++enough) {
    const FamilyTree tree([](const FamilyTree& here) {
      static const FamilyTree* self = &here;
      ::signal(SIGUSR1, [](int) {
        fork_member([] {
          sigset_t none;
          ::sigemptyset(&none);
          ::sigprocmask(SIG_SETMASK, &none, nullptr);  // ThreadSanitizer runs handlers with all signals blocked
          self->say('c');
          rest();
        });
      });
      here.say('r');
      rest();
    });
    tree.hear('r');
    const std::unique_ptr<Family> family = tree.open(GetParam());
    ASSERT_EQ(::kill(tree.root(), SIGUSR1), 0);
    tree.hear('c');
    {
      const Allocations left(enough, Allocations::Then::kOneFails);
      EXPECT_EQ(family->signal(SIGTERM), 0) << enough;
    }
    tree.hear_nothing_more();
  }
}

TEST_P(FamilyShortage, OfStandardDescriptorsTakesNoneOfTheirNumbers) {
  const bool with_pidfds = GetParam();
  for (unsigned closed = 1; closed < 8; ++closed) {
    const int status = status_of_forked([with_pidfds, closed] {
      const Tree tree(2);
      close_stdio(closed);
      std::unique_ptr<Family> family;
      const bool opened = open_family(tree, with_pidfds, &family) == 0 && family->living() == 4;
      const bool untouched = closed_stdio_is(closed);
      const bool signalled = family->signal(SIGKILL) == 0 && closed_stdio_is(closed);
      ::_exit(opened && untouched && signalled ? 0 : 1);
    });
    EXPECT_EQ(status, 0) << closed;
  }
}

TEST_P(FamilyShortage, OfSystemCallsForPidfdsMakesDoWithPids) {
  const bool with_pidfds = GetParam();
  for (const int error : {ENOSYS, EPERM}) {
    for (const long number : {SYS_pidfd_open, SYS_pidfd_send_signal}) {
      in_forked_process([=] {
        const Tree tree(2);
        refuse_system_call(number, error);
        std::unique_ptr<Family> family;
        ASSERT_EQ(open_family(tree, with_pidfds, &family), 0);
        EXPECT_EQ(family->living(), 4U);
        EXPECT_EQ(family->signal(SIGTERM), 0);
        tree->hear_nothing_more();
      });
    }
  }
}

TEST_P(FamilyShortage, OfProcIsTold) {
  const bool with_pidfds = GetParam();
  for (const int error : {ENOENT, EACCES}) {
    in_forked_process([with_pidfds, error] {
      const Tree tree(1);
      std::unique_ptr<Family> held;
      ASSERT_EQ(open_family(tree, true, &held), 0);
      refuse_system_call(SYS_openat, error);
      std::unique_ptr<Family> family;
      EXPECT_EQ(open_family(tree, with_pidfds, &family), -error);
      EXPECT_EQ(family, nullptr);
      EXPECT_EQ(held->signal(SIGKILL), -error);
      tree->hear_nothing_more();
    });
  }
}

// A /proc that shows nobody but one's own processes, and a host that is another user than its child.
TEST_P(FamilyShortage, OfSightOfTheChildIsTold) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may mount /proc and change its user";
  const bool with_pidfds = GetParam();
  for (const char* visibility : {"hidepid=1", "hidepid=2"}) {
    in_forked_process([with_pidfds, visibility] {
      const Tree tree(1);
      const bool mounted = ::unshare(CLONE_NEWNS) == 0 &&
                           ::mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) == 0 &&
                           ::mount("proc", "/proc", "proc", 0, visibility) == 0;
      if (!mounted) return;  // within a container
      ASSERT_EQ(::setegid(1), 0);
      ASSERT_EQ(::seteuid(1), 0);
      std::unique_ptr<Family> family;
      EXPECT_EQ(open_family(tree, with_pidfds, &family), -EACCES);
      ASSERT_EQ(::seteuid(0), 0);
    });
  }
}

// Two pid namespaces, and a /proc that is the other one's: what it shows under the child's number is a stranger.
class ForeignProc : public FamilyShortage {
 protected:
  static constexpr int kNotPermitted = 77;
  // `body` may end the process with that.
  template <class Body>
  static void in_two_namespaces(Body body) {
    const int status = status_of_forked(body);
    if (WIFEXITED(status) && WEXITSTATUS(status) == kNotPermitted) GTEST_SKIP() << "only root may choose a pid";
    EXPECT_EQ(status, 0);
  }
  static void permitted(bool done) {
    if (!done) ::_exit(kNotPermitted);
  }
  // In our namespace the next process gets this number.
  static void number_next(pid_t pid) { std::ofstream("/proc/sys/kernel/ns_last_pid") << pid - 1; }
  static void expect_refusal(pid_t pid) {
    ProcessStat stranger = {};
    ASSERT_EQ(read_process(pid, &stranger), 0);
    std::unique_ptr<Family> family;
    EXPECT_EQ(Family::open(Child(pid, UniqueFd()), GetParam(), &family), -EACCES);
  }
};

TEST_P(ForeignProc, OfAnAncestorsNamespaceIsNotTakenForOurs) {
  in_two_namespaces([stranger = ::getpid()] {
    permitted(::unshare(CLONE_NEWPID) == 0);
    // Its end is that of the namespace.
    const int status = status_of_forked([stranger] {
      number_next(stranger);
      const RealChild child;
      permitted(child.pid() == stranger);
      expect_refusal(child.pid());
    });
    ::_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
  });
}

TEST_P(ForeignProc, OfADescendantsNamespaceIsNotTakenForOurs) {
  in_two_namespaces([] {
    const pid_t child = fork_member([] {
      ::prctl(PR_SET_PDEATHSIG, SIGKILL);
      rest();
    });
    permitted(::unshare(CLONE_NEWPID | CLONE_NEWNS) == 0);
    permitted(::mount("none", "/", "none", MS_REC | MS_PRIVATE, nullptr) == 0);
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const pid_t descendant = fork_member([&] {
      permitted(::mount("proc", "/proc", "proc", 0, nullptr) == 0);
      number_next(child);
      permitted(fork_member(rest) == child);
      if (::write(ends[1], "", 1) == 1) rest();
    });
    ::close(ends[1]);
    char byte;
    permitted(::read(ends[0], &byte, 1) == 1);
    expect_refusal(child);
    for (const pid_t pid : {descendant, child}) {
      ::kill(pid, SIGKILL);
      EXPECT_EQ(death_of(pid), SIGKILL);
    }
  });
}

INSTANTIATE_TEST_SUITE_P(With, ForeignProc, testing::Bool(),
                         [](const auto& each) { return each.param ? "Pidfds" : "Pids"; });
INSTANTIATE_TEST_SUITE_P(With, FamilyShortage, testing::Bool(),
                         [](const auto& each) { return each.param ? "Pidfds" : "Pids"; });

}  // namespace
}  // namespace pipe_core
