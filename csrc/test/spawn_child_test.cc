// What the child does by itself between clone and exec, at a moment that no spawn can be made to meet: a forked copy of
// the test takes its part.
#include "spawn_child.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <csignal>
#include <unistd.h>

#include "command.h"
#include "forked.h"
#include "program_paths.h"
#include "unique_fd.h"

namespace pipe_core {
namespace {

// The child of a host that is not there, with the descriptors of this process. Returns only to say that it has failed.
void become(const Command& command, int error_pipe) {
  const ProgramPaths paths(command.options.file, nullptr);
  Wire wires[] = {{0, 0}, {1, 1}, {2, 2}};
  ChildStart start = {};
  start.options = &command.options;
  start.paths = paths.data();
  start.argv = const_cast<char* const*>(command.options.argv);
  start.envp = environ;
  start.wires = wires;
  start.wire_count = 3;
  start.parent = ::getpid();  // who is not the parent of this very process
  start.error_pipe = error_pipe;
  run_child(&start);
}

void block_all_signals() {
  sigset_t all;
  ::sigfillset(&all);
  ::sigprocmask(SIG_BLOCK, &all, nullptr);
}

// One for the host's process group, say.
TEST(SpawnChild, IsHitByASignalThatComesEarlyWithoutTheHostsHandler) {
  const int status = status_of_forked([] {
    ::signal(SIGUSR1, [](int) { ::_exit(1); });
    block_all_signals();
    ::raise(SIGUSR1);
    become({"true"}, -1);
  });
  ASSERT_TRUE(WIFSIGNALED(status)) << status;
  EXPECT_EQ(WTERMSIG(status), SIGUSR1);
}

// Between the clone and the child's wish to be told.
TEST(SpawnChild, WhoseParentHasEndedAlreadySendsItselfTheDeathSignal) {
  for (const bool blocks_signals : {false, true}) {
    Command command = {"true"};
    command.options.flags = PIPE_SPAWN_DEATH_SIGNAL;
    command.options.death_signal = SIGUSR1;
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    const int status = status_of_forked([&] {
      if (blocks_signals) block_all_signals();
      become(command, write_end.get());
    });
    write_end.reset();
    ChildFailure failure = {};
    const ssize_t size = ::read(read_end.get(), &failure, sizeof failure);
    if (blocks_signals) {
      EXPECT_EQ(WEXITSTATUS(status), 127) << "it does not become the program";
      ASSERT_EQ(size, static_cast<ssize_t>(sizeof failure));
      EXPECT_EQ(failure.error, ESRCH);
      EXPECT_EQ(failure.at.step, PIPE_STEP_DEATH_SIGNAL);
    } else {
      EXPECT_EQ(size, 0);
      ASSERT_TRUE(WIFSIGNALED(status));
      EXPECT_EQ(WTERMSIG(status), SIGUSR1);
    }
  }
}

}  // namespace
}  // namespace pipe_core
