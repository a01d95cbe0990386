// What children share with each other or with their host: a kernel pipe, both ends, or a file.
#ifndef JOINT_H_
#define JOINT_H_

#include <cstddef>

#include "unique_fd.h"

namespace pipe_core {

// A real pipe, not a socket, so that opening /dev/stdin works.
struct Joint {
  UniqueFd reading_end;
  UniqueFd writing_end;

  // Both ends blocking, as programs expect theirs to be. `capacity` is a wish; 0: the kernel's default. Returns 0 or a
  // negative errno.
  int open(size_t capacity);
  // Instead a file, blocking as well, in `writing_end` whatever it is opened for. Returns 0 or a negative errno.
  int open_file(const char* path, int access);
  // The ends of `other` once more, in descriptors of their own. Returns 0 or a negative errno.
  int copy(const Joint& other);
};

}  // namespace pipe_core

#endif
