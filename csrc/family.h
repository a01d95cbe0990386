// A child and its descendants, to be signalled together although they fork meanwhile. Knows nothing of handles, loops
// and reaping: the child is only where it starts.
#ifndef FAMILY_H_
#define FAMILY_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "child.h"
#include "family_member.h"

namespace pipe_core {

class Family {
 public:
  // Takes hold of `root`, which has not been reaped, and of every process whose chain of living parents leads to it.
  // Returns 0 or a negative errno.
  static int open(const Child& root, bool with_pidfds, std::unique_ptr<Family>* family);

  // As pipe_family_signal().
  int signal(int signum);
  // How many have not exited.
  size_t living() const;

 private:
  explicit Family(bool with_pidfds);
  int adopt_root(const Child& root);
  int walk(size_t* found);
  int adopt_children(size_t* found);
  int adopt(pid_t pid, UniqueFd pidfd, const FamilyMember* parent);
  UniqueFd open_pidfd(pid_t pid) const;
  bool knows(const ProcessStat& process) const;

  int bring_to_a_stand();
  Motion ask_to_stop(bool parents_first);
  bool waits_for_a_child(const FamilyMember& blocked) const;
  int deliver(int signum);

  uint64_t born_;
  bool with_pidfds_;
  std::vector<FamilyMember> members_;  // who was found later stands later: children behind their parents
};

}  // namespace pipe_core

#endif
