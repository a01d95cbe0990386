// How many descriptors this process has: the same before an input and after it.
#ifndef OPEN_DESCRIPTORS_H_
#define OPEN_DESCRIPTORS_H_

#include <dirent.h>

#include "must.h"

inline int open_descriptors() {
  DIR* directory = ::opendir("/proc/self/fd");
  MUST(directory != nullptr);
  int count = 0;
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

#endif
