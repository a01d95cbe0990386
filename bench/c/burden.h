// What a host may have besides its children, and what a fork would copy: memory and descriptors.
#ifndef BENCH_BURDEN_H_
#define BENCH_BURDEN_H_

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "clock.h"

// As many descriptors as this process may have.
static inline void raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) die("getrlimit");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) die("setrlimit");
}

// In small pages, as a heap has them that grew bit by bit: nobody's fork may profit from huge ones.
static inline void touch_memory(size_t mebibytes) {
  if (mebibytes == 0) return;
  const size_t size = mebibytes << 20;
  void* memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) die("mmap");
  if (madvise(memory, size, MADV_NOHUGEPAGE) != 0) die("madvise");
  memset(memory, 1, size);
}

// Close-on-exec, as a careful host opens all of its own.
static inline void open_descriptors(int count) {
  if (count == 0) return;
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  if (null < 0) die("/dev/null");
  for (int i = 1; i < count; ++i) {
    if (fcntl(null, F_DUPFD_CLOEXEC, 0) < 0) die("F_DUPFD_CLOEXEC");
  }
}

#endif
