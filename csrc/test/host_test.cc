// What the host process does to its loops: it ends, and it forks.
#include "host.h"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>

#include "descriptors.h"
#include "forked.h"
#include "worlds.h"

namespace pipe_core {
namespace {

class HostTest : public InEachWorld {
 protected:
  // Whatever a forked process leaves behind becomes our child, dead or alive, and has_children() tells.
  void SetUp() override { ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0); }

  void expect_echo(Process& process) {
    EXPECT_EQ(write(process, "hello\n"), (Written{PIPE_OK, 6}));
    EXPECT_EQ(read_line(process), (Told{PIPE_OK, "hello"}));
  }
};

TEST_P(HostTest, AtItsExitKillsAndReapsTheChildrenOfAllLoops) {
  const int status = status_of_forked([] {
    static RunningLoop first;
    static RunningLoop second;
    // No destructor runs after exit(3) but those of static objects: these would be the last reference, so let go of
    // them.
    auto* stays = new std::unique_ptr<Process>[3];
    stays[0] = spawn(first, {"cat"});
    stays[1] = spawn(first, Command::shell("trap '' TERM HUP INT; exec cat"));
    stays[2] = spawn(second, {"cat"});
    static std::unique_ptr<Process>* reachable = stays;  // for the search for leaks
    EXPECT_TRUE(has_children());
    std::exit(reachable != nullptr && !testing::Test::HasFailure() ? 17 : 1);
  });
  EXPECT_EQ(WEXITSTATUS(status), 17);
  EXPECT_FALSE(has_children());
}

TEST_P(HostTest, AtItsExitReapsAlsoWhatNobodyWaitedFor) {
  const int status = status_of_forked([] {
    static RunningLoop loop;
    static std::unique_ptr<Process> process = spawn(loop, {"true"});
    await_death(process->pid());
    std::exit(17);
  });
  EXPECT_EQ(WEXITSTATUS(status), 17);
  EXPECT_FALSE(has_children());
}

TEST_P(HostTest, AForkedCopysExitLeavesTheChildrenOfTheOriginalAlone) {
  const auto process = spawn({"cat"});
  for (const bool opens_its_own : {false, true}) {
    const int status = status_of_forked([opens_its_own] {
      static std::unique_ptr<RunningLoop> own;
      if (opens_its_own) own = std::make_unique<RunningLoop>();
      std::exit(17);
    });
    EXPECT_EQ(WEXITSTATUS(status), 17);
    expect_echo(*process);
  }
}

TEST_P(HostTest, InAForkedCopyWhatIsInheritedIsDead) {
  const auto process = spawn({"cat"});
  in_forked_process([&] {
    EXPECT_TRUE(loop().inherited());
    pipe_exit exit;
    EXPECT_EQ(process->wait(&exit), PIPE_EXITED);
    EXPECT_EQ(process->try_wait(&exit), PIPE_EXITED);
    EXPECT_EQ(process->kill(0), PIPE_EXITED);
    EXPECT_EQ(process->kill(SIGKILL), PIPE_EXITED);
    EXPECT_EQ(read_line(*process), (Told{PIPE_CLOSED, ""}));
    EXPECT_EQ(write(*process, "x"), (Written{PIPE_CLOSED, 0}));
    EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_CLOSED);
    loop().run(true);
    process->close();
  });
  EXPECT_FALSE(loop().inherited());
  expect_echo(*process);
}

TEST_P(HostTest, AForkedCopyMayFreeEverythingAndStartAnew) {
  auto process = spawn({"cat"});
  pipe_slice slice;
  pipe_exit exit;
  ASSERT_EQ(process->output(PIPE_STDOUT).read({PIPE_READ_LINE, 0}, &slice), PIPE_AGAIN);
  ASSERT_EQ(process->output(PIPE_STDOUT).start(7, 1000000), 0);
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  ASSERT_EQ(process->channel(PIPE_EXIT)->start(8, 1000000), 0);
  loop().run(false);
  const pid_t pid = process->pid();
  in_forked_process([&] {
    process.reset();
    loop_.reset();
    EXPECT_EQ(::kill(pid, 0), 0);
    loop_ = std::make_unique<RunningLoop>();
    const auto own = spawn({"cat"});
    expect_echo(*own);
    EXPECT_EQ(own->shutdown(PIPE_STDIN), PIPE_OK);
    EXPECT_EQ(wait(*own, &exit), PIPE_OK);
    EXPECT_EQ(loop().children(), 0U);
    loop_.reset();
  });
  // The original's watches are still in place: for the data, and for the exit.
  EXPECT_EQ(write(*process, "still\n"), (Written{PIPE_OK, 6}));
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(result_of(process->output(PIPE_STDOUT)), (Told{PIPE_OK, "still"}));
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(loop_->next_token(), 8U);
  EXPECT_EQ(process->wait_result(&exit), PIPE_OK);
  EXPECT_EQ(exit, (pipe_exit{0, 0}));
}

TEST_P(HostTest, AForkedCopyDoesNotKeepTheChildsInputOpen) {
  const auto process = spawn({"cat"});
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  const UniqueFd read_end(ends[0]);
  UniqueFd write_end(ends[1]);
  const pid_t copy = ::fork();
  if (copy == 0) {
    char byte;
    write_end.reset();
    ::_exit(static_cast<int>(::read(read_end.get(), &byte, 1)));
  }
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, ""}));  // while the copy lives
  write_end.reset();
  int status = -1;
  EXPECT_EQ(::waitpid(copy, &status, 0), copy);
  EXPECT_EQ(status, 0);
}

// How many descriptors libuv opens for a loop.
size_t libuvs_own() {
  const size_t before = open_descriptors().size();
  uv_loop_t bare;
  EXPECT_EQ(uv_loop_init(&bare), 0);
  const size_t after = open_descriptors().size();
  EXPECT_EQ(uv_loop_close(&bare), 0);
  return after - before;
}

TEST_P(HostTest, AForkedCopyKeepsNothingOfALoopButWhatLibuvHidesInIt) {
  const size_t hidden = libuvs_own() - 1;  // the epoll set can be had, and is closed
  const auto before = open_descriptors();
  RunningLoop second;
  ASSERT_GT(second->foreign_fd(), 2);
  auto process = spawn(second, {"cat"});
  in_forked_process([&] {
    // libuv makes its process-wide pipe anew in a forked child: compare the numbers.
    size_t left = 0;
    for (const auto& [number, target] : open_descriptors()) left += before.count(number) == 0 ? 1 : 0;
    EXPECT_EQ(left, hidden);
  });
}

TEST_P(HostTest, ARawForkThatRunsNoHandlerIsNoticedByTheFunctionsOfThePublicHeader) {
  auto process = spawn({"cat"});
  auto* handle = reinterpret_cast<pipe_process*>(process.get());
  const auto copy = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (copy == 0) {
    pipe_exit exit;
    double written;
    const pipe_slice slice = {"x", 1};
    if (pipe_loop_alive(reinterpret_cast<pipe_loop*>(&loop())) != 0) ::_exit(1);
    if (pipe_kill(handle, SIGKILL) != PIPE_EXITED) ::_exit(2);
    if (pipe_wait(handle, &exit) != PIPE_EXITED) ::_exit(3);
    if (pipe_write(handle, &slice, 1, &written) != PIPE_CLOSED) ::_exit(4);
    pipe_process_free(handle);
    ::_exit(0);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(copy, &status, 0), copy);
  EXPECT_EQ(status, 0);
  expect_echo(*process);
}

TEST_P(HostTest, ARawForksExitLeavesTheChildrenOfTheOriginalAlone) {
  const auto process = spawn({"cat"});
  const auto copy = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
  if (copy == 0) std::exit(17);
  int status = -1;
  EXPECT_EQ(::waitpid(copy, &status, 0), copy);
  EXPECT_EQ(WEXITSTATUS(status), 17);
  expect_echo(*process);
}

INSTANTIATE_TEST_SUITE_P(In, HostTest, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
