// The descriptors of a child to be: where each comes from, and the host's ends of those that are pipes or a terminal.
#ifndef CHILD_DESCRIPTORS_H_
#define CHILD_DESCRIPTORS_H_

#include <vector>

#include "joint.h"
#include "pipe.h"
#include "unique_fd.h"

namespace pipe_core {

// The child's descriptor `number` becomes a copy of what is `source` before.
struct Wire {
  int number;
  int source;
};

class ChildDescriptors {
 public:
  // Opens everything, with `failure` telling what could not be. Returns 0 or a negative errno. May throw
  // std::bad_alloc.
  int open(const pipe_spawn_options& options, pipe_failure* failure);
  // The child has its copies.
  void close_child_ends();

  // By channel; none where the child has no pipe. They do not block.
  UniqueFd parent_ends[3];
  // What was opened for the child's 0, 1 and 2; none for what is the host's own, or the same as another's.
  UniqueFd child_ends[3];
  // In rising order of the numbers.
  std::vector<Wire> wires;

 private:
  int open_one(const pipe_descriptor& wanted, size_t pipe_size);
  int open_pipe(const pipe_descriptor& wanted, size_t pipe_size);
  int open_file(const pipe_descriptor& wanted);
  int open_terminal(const pipe_spawn_options& options);
  int own(int number, int fd);
  void wire(int number, int source) { wires.push_back({number, source}); }

  std::vector<UniqueFd> other_child_ends_;  // beyond 2
};

}  // namespace pipe_core

#endif
