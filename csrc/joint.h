// A kernel pipe between children, or between a child and its host: both ends.
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
  // The ends of `other` once more, in descriptors of their own. Returns 0 or a negative errno.
  int copy(const Joint& other);
};

}  // namespace pipe_core

#endif
