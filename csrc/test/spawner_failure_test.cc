// The spawner when the program, or the system, says no: the error is told, and nothing is left.
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "descriptors.h"
#include "forked.h"
#include "programs.h"
#include "sandbox.h"
#include "spawner.h"
#include "started_child.h"

namespace pipe_core {
namespace {

// By shared memory, and by the memory of its own.
class SpawnerFailure : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ::setenv("PIPE_SPAWN", GetParam(), 1);
    path_ = std::getenv("PATH");
    ASSERT_EQ(spawner_.open(placeholder_.get()), 0);
    before_ = open_descriptors();
  }
  void TearDown() override {
    ::unsetenv("PIPE_SPAWN");
    ::setenv("PATH", path_.c_str(), 1);
    EXPECT_EQ(open_descriptors(), before_);
    EXPECT_FALSE(has_children());
  }
  int start(Command command) {
    StartedChild started;
    const int status = started.start(spawner_, command);
    if (status == 0) started.end();
    return status;
  }
  std::string output(Command command) {
    StartedChild started;
    EXPECT_EQ(started.start(spawner_, command), 0);
    const std::string output = started.read(PIPE_STDOUT);
    started.end();
    return output;
  }
  static void search(const std::string& path) { ::setenv("PATH", path.c_str(), 1); }

  UniqueFd placeholder_ = UniqueFd(::eventfd(0, EFD_CLOEXEC));
  Spawner spawner_;
  ProgramFolder first_;
  ProgramFolder second_;
  std::string path_;
  std::map<int, std::string> before_;
};

constexpr const char* kScript = "#!/bin/sh\necho \"$0\"\n";

TEST_P(SpawnerFailure, IsToldByTheReasonManyTimesOver) {
  const std::string plain = first_.add("plain", "no script\n", 0755);
  const std::string forbidden = first_.add("forbidden", kScript, 0644);
  const std::string orphaned = first_.add("orphaned", "#!/no/such/interpreter\n", 0755);
  const std::string too_long(size_t{4} << 20, 'x');
  for (int round = 0; round < 100; ++round) {
    EXPECT_EQ(start({"/no/such/program"}), -ENOENT);
    EXPECT_EQ(start({"no-such-program"}), -ENOENT);
    EXPECT_EQ(start({""}), -ENOENT);
    EXPECT_EQ(start({orphaned}), -ENOENT);
    EXPECT_EQ(start({forbidden}), -EACCES);
    EXPECT_EQ(start({first_.path()}), -EACCES);
    EXPECT_EQ(start({plain}), -ENOEXEC);
    EXPECT_EQ(start({plain + "/below"}), -ENOTDIR);
    EXPECT_EQ(start({std::string(5000, 'x')}), -ENAMETOOLONG);
  }
  EXPECT_EQ(start({"true", too_long}), -E2BIG);
}

TEST_P(SpawnerFailure, OfOneDirectoryIsMadeGoodByTheNext) {
  first_.add("tool", kScript, 0644);
  const std::string right = second_.add("tool", kScript, 0755);
  const std::string no_folder = first_.path() + "/tool";
  search("/no/such/folder:" + no_folder + ":" + std::string(5000, 'x') + ":" + first_.path() + ":" + second_.path());
  EXPECT_EQ(output({"tool"}), right + "\n");
}

TEST_P(SpawnerFailure, ThatAFileIsNotAllowedIsRememberedOverThoseThatAreMissing) {
  first_.add("tool", kScript, 0644);
  search("/no/such/folder:" + first_.path() + ":" + second_.path() + ":/no/such/folder");
  EXPECT_EQ(start({"tool"}), -EACCES);
  search(second_.path() + ":/no/such/folder");
  EXPECT_EQ(start({"tool"}), -ENOENT);
}

TEST_P(SpawnerFailure, OfAFileThatIsNoProgramEndsTheSearch) {
  first_.add("tool", "no script\n", 0755);
  second_.add("tool", kScript, 0755);
  search(first_.path() + ":" + second_.path());
  EXPECT_EQ(start({"tool"}), -ENOEXEC);
}

TEST_P(SpawnerFailure, ToReserveANumberAgainKeepsNoEndOfTheChild) {
  in_forked_process([&] {
    constexpr int kFarUp = 100;
    UniqueFd placeholder(::fcntl(placeholder_.get(), F_DUPFD_CLOEXEC, 2 * kFarUp));
    Spawner spawner;
    ASSERT_EQ(spawner.open(placeholder.get()), 0);
    std::vector<UniqueFd> fillers;
    while (fillers.empty() || fillers.back().get() < kFarUp) fillers.emplace_back(::eventfd(0, EFD_CLOEXEC));
    placeholder.reset();  // dup3(2) has nothing to put there
    for (int round = 0; round < 2; ++round) {
      StartedChild started;
      Command echo = {"echo", "text"};
      ASSERT_EQ(started.start(spawner, echo), 0);
      EXPECT_EQ(started.read(PIPE_STDOUT), "text\n");
      started.end();
    }
  });
}

TEST_P(SpawnerFailure, ToGetAnotherDescriptorLeavesNothing) {
  StartedChild started;
  Command cat = {"cat"};
  ASSERT_EQ(started.pipes.open(cat.options, &started.failure), 0);
  rlimit limit;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  // Take all that are free below, so that whatever comes next is beyond the limit.
  std::vector<UniqueFd> fillers;
  const int top = open_descriptors().rbegin()->first;
  do {
    fillers.emplace_back(::eventfd(0, EFD_CLOEXEC));
  } while (fillers.back().get() < top);
  const rlimit none = {static_cast<rlim_t>(fillers.back().get()) + 1, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const int status = spawner_.spawn(cat.options, started.pipes, true, &started.failure, &started.child);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(status, -EMFILE);
  EXPECT_EQ(started.child, nullptr);
  for (const UniqueFd& child_end : started.pipes.child_ends) EXPECT_FALSE(child_end);
}

TEST_P(SpawnerFailure, ToGetAnotherProcessLeavesNothing) {
  for (const int error : {EAGAIN, ENOMEM}) {
    in_forked_process([&] {
      const auto before = open_descriptors();
      refuse_system_call(SYS_clone, error);
      EXPECT_EQ(start({"true"}), -error);
      EXPECT_EQ(open_descriptors(), before);
      EXPECT_FALSE(has_children());
    });
  }
}

TEST_P(SpawnerFailure, ToBlockSignalsStopsIt) {
  in_forked_process([&] {
    const auto before = open_descriptors();
    refuse_system_call(SYS_clone, ENOMEM);
    refuse_system_call(SYS_rt_sigprocmask, EPERM);
    EXPECT_EQ(start({"true"}), -EPERM) << "before the clone";
    EXPECT_EQ(open_descriptors(), before);
  });
}

// A child whose memory is the host's own needs no pipe to tell.
TEST_P(SpawnerFailure, ToHearOfTheChildIsNoSuccess) {
  const bool by_pipe = std::string(GetParam()) == "fork";
  in_forked_process([&] {
    refuse_system_call(SYS_read, EIO);
    EXPECT_EQ(start({"true"}), by_pipe ? -EIO : 0);
    EXPECT_FALSE(has_children());
  });
}

TEST_P(SpawnerFailure, DoesNotSpoilTheNextOne) {
  EXPECT_EQ(start({"no-such-program"}), -ENOENT);
  EXPECT_EQ(output({"echo", "works"}), "works\n");
}

TEST_P(SpawnerFailure, IsToldAlsoToAHostThatIgnoresSigchld) {
  in_forked_process([this] {
    ::signal(SIGCHLD, SIG_IGN);
    EXPECT_EQ(start({"no-such-program"}), -ENOENT);
    EXPECT_FALSE(has_children());
  });
}

TEST_P(SpawnerFailure, ToFindStdioOpenInTheHostConcernsNobody) {
  for (unsigned closed = 1; closed < 8; ++closed) {
    in_forked_process([&] {
      close_stdio(closed);
      StartedChild started;
      Command command = Command::shell("read x; echo $x; echo err >&2");
      if (started.start(spawner_, command) != 0) ::_exit(2);  // not by gtest, which prints to 1
      if (started.child->pidfd() < 3) ::_exit(3);
      started.write("in\n");
      if (started.read(PIPE_STDOUT) != "in\n" || started.read(PIPE_STDERR) != "err\n") ::_exit(4);
      started.end();
      if (!closed_stdio_is(closed)) ::_exit(5);
    });
  }
}

INSTANTIATE_TEST_SUITE_P(By, SpawnerFailure, testing::Values("", "fork"), [](const auto& each) {
  return std::string(each.param) == "fork" ? "OwnMemory" : "SharedMemory";
});

}  // namespace
}  // namespace pipe_core
