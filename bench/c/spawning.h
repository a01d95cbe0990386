// Workloads 1 to 3, however it is done: spawn + wait + close of a child that exits at once. The arguments:
// COUNT [MEBIBYTES touched] [DESCRIPTORS opened after the first spawn] [DESCRIPTORS opened before the cloner]
#ifndef BENCH_SPAWNING_H_
#define BENCH_SPAWNING_H_

#include "arguments.h"
#include "burden.h"
#include "clock.h"

struct spawning_calls {
  void (*open)(void);                // makes what is kept from one spawn to the next
  void (*spawn)(const char* child);  // starts it with three pipes, waits for exit status 0, and closes everything
};

static inline int run_spawning(int argc, char** argv, const struct spawning_calls* calls) {
  const long count = number_argument(argc, argv, 1);
  const char* path = child_path("child_exit");
  raise_descriptor_limit();
  touch_memory((size_t)number_argument(argc, argv, 2));
  open_descriptors((int)number_argument(argc, argv, 4));
  calls->open();
  calls->spawn(path);
  open_descriptors((int)number_argument(argc, argv, 3));
  for (long i = 0; i < count / 10; ++i) calls->spawn(path);
  const double start = wall_seconds();
  for (long i = 0; i < count; ++i) calls->spawn(path);
  report("us", (wall_seconds() - start) * 1e6 / (double)count);
  return 0;
}

#endif
