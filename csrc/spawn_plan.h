// What is to be started, worked out before the clone, when memory may still be allocated.
#ifndef SPAWN_PLAN_H_
#define SPAWN_PLAN_H_

#include <string>
#include <vector>

#include "pipe.h"
#include "unique_fd.h"

namespace pipe_core {

// The paths that execvp(3) would try, with the host's PATH. May throw std::bad_alloc.
class ProgramPaths {
 public:
  ProgramPaths(const char* file, const char* search_path);
  const char* const* data() const { return pointers_.data(); }

 private:
  std::vector<std::string> paths_;
  std::vector<const char*> pointers_;  // ends with nullptr
};

// The three pipes: real ones, not sockets, so that /dev/stdin works. The parent's ends are non-blocking, the child's
// blocking, as every program expects its own to be.
struct StdioPipes {
  UniqueFd parent_ends[3];
  UniqueFd child_ends[3];  // with `merge_stderr` there is no third

  int open(bool merge_stderr);
};

}  // namespace pipe_core

#endif
