// Where a program may be, worked out before the clone, when memory may still be allocated.
#ifndef PROGRAM_PATHS_H_
#define PROGRAM_PATHS_H_

#include <string>
#include <vector>

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

}  // namespace pipe_core

#endif
