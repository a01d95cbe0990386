// What an input must not leave behind: an open descriptor, a child, a changed signal setting. (libFuzzer sees to
// memory.)
#ifndef LEFTOVERS_H_
#define LEFTOVERS_H_

#include <csignal>
#include <set>
#include <vector>

class Leftovers {
 public:
  // Remembers how it was.
  Leftovers();
  // How it must be again. `left_alive`: children that may live on and are killed here; `orphans`: whether there may be
  // others', adopted by this process.
  void check(const std::set<int>& left_alive, bool orphans) const;

 private:
  // The pid of one, or 0.
  int new_child() const;

  int descriptors_;
  std::set<int> children_;  // a fuzzer may have its symbolizer running
  std::vector<struct sigaction> actions_;
  sigset_t mask_ = {};
};

#endif
