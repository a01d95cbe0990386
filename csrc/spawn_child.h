// What runs between clone and exec. It may share its memory, and at first its descriptors, with a parent that stands
// still: raw system calls only, no allocation, no libc.
#ifndef SPAWN_CHILD_H_
#define SPAWN_CHILD_H_

#include <cstddef>

#include "child_descriptors.h"
#include "pipe.h"

namespace pipe_core {

// What the child could not do.
struct ChildFailure {
  int error;  // positive errno, 0 after a successful exec
  pipe_failure at;
};

// Everything is laid out by the parent beforehand. Plain pointers: it owns nothing.
struct ChildStart {
  const pipe_spawn_options* options;
  const char* const* paths;  // what to execute, in the order of PATH; ends with nullptr
  char* const* argv;
  char* const* envp;
  Wire* wires;  // in rising order of the numbers, which begin with 0, 1 and 2
  size_t wire_count;
  int parent;               // the host's pid, for PIPE_SPAWN_DEATH_SIGNAL
  int error_pipe;           // where the failure goes if memory is not shared; -1: into `failure`
  bool shares_descriptors;  // cloned with CLONE_FILES: unshare before touching any descriptor
  unsigned cut;             // all sources of `wires` are below; what is above need not be copied

  // Answers, through the shared memory.
  ChildFailure failure;
  bool unshare_failed;
};

// Never returns on success; otherwise reports the failure and ends the child.
int run_child(void* child_start);

}  // namespace pipe_core

#endif
