// Where this process and its children may run.
#ifndef BENCH_PROCESSOR_H_
#define BENCH_PROCESSOR_H_

#include <sched.h>

#include "clock.h"

// From now on only on the one that runs us.
static inline void stay_on_processor(void) {
  const int number = sched_getcpu();
  if (number < 0) die("sched_getcpu");
  cpu_set_t mask;
  CPU_ZERO(&mask);
  CPU_SET((size_t)number, &mask);
  if (sched_setaffinity(0, sizeof mask, &mask) != 0) die("sched_setaffinity");
}

#endif
