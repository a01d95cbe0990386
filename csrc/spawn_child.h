// What runs between clone and exec. It may share its memory, and at first its descriptors, with a parent that stands
// still: raw system calls only, no allocation, no libc.
#ifndef SPAWN_CHILD_H_
#define SPAWN_CHILD_H_

namespace pipe_core {

// Everything is laid out by the parent beforehand. Plain pointers: it owns nothing.
struct ChildStart {
  const char* const* paths;  // what to execute, in the order of PATH; ends with nullptr
  char* const* argv;
  char* const* envp;
  int stdio[3];             // what becomes 0, 1 and 2; none of them is 0, 1 or 2
  int error_pipe;           // where the errno goes if memory is not shared; -1: into `error`
  bool shares_descriptors;  // cloned with CLONE_FILES: unshare before touching any descriptor
  unsigned cut;             // all of `stdio` is below; what is above need not be copied

  // Answers, through the shared memory.
  int error;  // positive errno, 0 after a successful exec
  bool unshare_failed;
};

// Never returns on success; otherwise reports the error and ends the child.
int run_child(void* child_start);

}  // namespace pipe_core

#endif
