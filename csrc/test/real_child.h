// A real child of the test process, without the core: it lives until it is told to end.
#ifndef REAL_CHILD_H_
#define REAL_CHILD_H_

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "unique_fd.h"

namespace pipe_core {

class RealChild {
 public:
  explicit RealChild(int exit_code = 0) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    const UniqueFd read_end(ends[0]);
    write_end_.reset(ends[1]);
    // As fork(2), with a pidfd: there are tools that do not know pidfd_open(2).
    int pidfd = -1;
    pid_ = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD | CLONE_PIDFD, nullptr, &pidfd, nullptr, nullptr));
    if (pid_ != 0) {
      pidfd_.reset(pidfd);
      return;
    }
    // A byte, not end of file: a sibling may have inherited the write end.
    char byte;
    while (::read(read_end.get(), &byte, 1) != 1) {
    }
    ::_exit(exit_code);
  }

  pid_t pid() const { return pid_; }
  UniqueFd pidfd() const { return UniqueFd(::fcntl(pidfd_.get(), F_DUPFD_CLOEXEC, 0)); }
  void end() const { EXPECT_EQ(::write(write_end_.get(), "", 1), 1); }
  // Until it is dead. It is not reaped.
  void await_death() const {
    siginfo_t info;
    EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOWAIT), 0);
  }
  void end_and_await_death() const {
    end();
    await_death();
  }
  void reap() const { EXPECT_EQ(::waitpid(pid_, nullptr, 0), pid_); }

 private:
  pid_t pid_ = -1;
  UniqueFd pidfd_;
  UniqueFd write_end_;
};

}  // namespace pipe_core

#endif
