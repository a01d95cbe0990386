// A tree of real processes below the test process, which tell it who they are and what they have seen.
#ifndef FAMILY_TREE_H_
#define FAMILY_TREE_H_

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <memory>
#include <vector>

#include "family.h"
#include "process_stat.h"

namespace pipe_core {

// What members do.
[[noreturn]] inline void rest() {
  for (;;) ::pause();
}
// Runs `body()` in a child, which then exits with 0.
template <class Body>
pid_t fork_member(Body body) {
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  ::signal(SIGALRM, SIG_DFL);
  ::alarm(60);  // nobody outlives by long a test process that was killed
  body();
  ::_exit(0);
}

class FamilyTree {
 public:
  // The root runs `body(tree)`.
  template <class Body>
  explicit FamilyTree(Body body) {
    // Orphans become the test process's children: it learns how they ended.
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    // Where somebody was missed, or left stopped, the test waits for ever: it fails with EINTR then.
    struct sigaction interrupt = {};
    interrupt.sa_handler = [](int) {};
    ::sigaction(SIGALRM, &interrupt, nullptr);
    ::alarm(120);
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) std::abort();
    read_end_.reset(ends[0]);
    write_end_.reset(ends[1]);
    root_ = fork_member([&] { body(*this); });
    write_end_.reset();
  }
  FamilyTree(const FamilyTree&) = delete;
  FamilyTree& operator=(const FamilyTree&) = delete;
  ~FamilyTree() {
    std::vector<ProcessStat> processes;
    do {
      processes.clear();
      read_processes(&processes);
      for (const ProcessStat& process : processes) {
        if (process.parent == ::getpid() && ::kill(process.pid, SIGKILL) == 0) ::waitpid(process.pid, nullptr, 0);
      }
    } while (::waitpid(-1, nullptr, WNOHANG) >= 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    ::alarm(0);
    ::signal(SIGALRM, SIG_DFL);
  }

  // A member says one letter.
  void say(char what) const {
    const Word word = {what, ::getpid()};
    if (::write(write_end_.get(), &word, sizeof word) != sizeof word) ::_exit(1);
  }
  // Whenever it gets the signal.
  void say_on(int signum, char what) const {
    speaker = this;
    letters[signum] = what;
    ::signal(signum, [](int got) { speaker->say(letters[got]); });
  }
  // Who said the next letter, which must be `what`.
  pid_t hear(char what) const {
    Word word = {};
    EXPECT_EQ(::read(read_end_.get(), &word, sizeof word), static_cast<ssize_t>(sizeof word)) << "nobody is left";
    EXPECT_EQ(word.what, what);
    return word.who;
  }
  // When nobody is left to speak.
  void hear_nothing_more() const {
    Word word = {};
    EXPECT_EQ(::read(read_end_.get(), &word, sizeof word), 0) << word.what;
  }

  pid_t root() const { return root_; }
  std::unique_ptr<Family> open(bool with_pidfds) const {
    std::unique_ptr<Family> family;
    const Child child(root_, UniqueFd());
    EXPECT_EQ(Family::open(child, with_pidfds, &family), 0);
    return family;
  }

 private:
  struct Word {
    int what;  // no char: every byte that is written has a value
    pid_t who;
  };
  static inline const FamilyTree* speaker = nullptr;
  static inline char letters[65] = {};

  UniqueFd read_end_;
  UniqueFd write_end_;
  pid_t root_ = -1;
};

// Waits until it has ended, and reaps it. Returns the signal that killed it, or 0.
inline int death_of(pid_t pid) {
  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

}  // namespace pipe_core

#endif
