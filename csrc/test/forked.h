// A part of a test in a forked copy of the test process: for what would spoil the process that the other tests run in.
#ifndef FORKED_H_
#define FORKED_H_

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

namespace pipe_core {

// How it ended, as wait(2) tells. `body` may end the process itself; otherwise it exits with 1 if it found a failure.
template <class Body>
int status_of_forked(Body body) {
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) {
    body();
    std::fflush(nullptr);
    // Not exit(3): the exit handlers, and the sanitizer's search for leaks, are for the original.
    ::_exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = -1;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return status;
}

template <class Body>
void in_forked_process(Body body) {
  EXPECT_EQ(status_of_forked(body), 0) << "as wait(2) tells how the forked test process ended";
}

}  // namespace pipe_core

#endif
