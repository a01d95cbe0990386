#include "leftovers.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sys/wait.h>

#include "must.h"
#include "open_descriptors.h"

namespace {

// Dead or alive; its own, and those that it has adopted.
std::set<int> children() {
  std::ifstream list("/proc/thread-self/children");
  MUST(list.is_open());
  return {std::istream_iterator<int>(list), std::istream_iterator<int>()};
}

// Of all signals.
std::vector<struct sigaction> actions() {
  std::vector<struct sigaction> all(NSIG);
  for (int signum = 1; signum < NSIG; ++signum)
    static_cast<void>(::sigaction(signum, nullptr, &all[static_cast<size_t>(signum)]));
  return all;
}

bool are_alike(const struct sigaction& one, const struct sigaction& other) {
  return one.sa_handler == other.sa_handler && one.sa_flags == other.sa_flags;
}

}  // namespace

Leftovers::Leftovers() : descriptors_(open_descriptors()), children_(children()), actions_(actions()) {
  MUST(::sigprocmask(SIG_BLOCK, nullptr, &mask_) == 0);
}

int Leftovers::new_child() const {
  for (const int pid : children()) {
    if (!children_.contains(pid)) return pid;
  }
  return 0;
}

void Leftovers::check(const std::set<int>& left_alive, bool orphans) const {
  // One after another, because whoever dies here leaves us its own children.
  while (const int pid = new_child()) {
    MUST(orphans || left_alive.contains(pid));
    MUST(::kill(pid, SIGKILL) == 0);
    while (::waitpid(pid, nullptr, 0) < 0) MUST(errno == EINTR);
  }
  MUST(open_descriptors() == descriptors_);
  sigset_t mask = {};
  MUST(::sigprocmask(SIG_BLOCK, nullptr, &mask) == 0);
  MUST(std::ranges::equal(actions(), actions_, are_alike));
  MUST(std::memcmp(&mask, &mask_, sizeof mask) == 0);
}
