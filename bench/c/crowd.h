// Workload 3, however it is done: many children that live, and what a further one costs the host beside them.
// The arguments: COUNT, PIPES (3: three pipes each, 0: all of stdio is /dev/null), FURTHER children that exit at once.
#ifndef BENCH_CROWD_H_
#define BENCH_CROWD_H_

#include <stdbool.h>

#include "arguments.h"
#include "burden.h"
#include "clock.h"

struct crowd_calls {
  void (*open)(long count);                      // makes room for so many children
  void (*start)(const char* child, bool pipes);  // one more of the crowd
  void (*watch)(void);                           // whatever is needed to learn of the exit of those not watched yet
  void (*spawn)(const char* child, bool pipes);  // starts one, waits for exit status 0, and closes everything
  void (*end)(void);                             // kills and reaps the crowd
};

enum { kBatch = 100 };

static inline int compare_doubles(const void* a, const void* b) {
  const double left = *(const double*)a;
  const double right = *(const double*)b;
  return (left > right) - (left < right);
}

static inline double batch_median(double* seconds) {
  qsort(seconds, kBatch, sizeof *seconds, compare_doubles);
  return (seconds[kBatch / 2 - 1] + seconds[kBatch / 2]) / 2;
}

// batch_1, batch_2, …: the median spawn of each hundred, in microseconds. The median and not the mean: another process
// that takes the processor for some milliseconds triples a mean, and says nothing about spawning.
static inline void report_batches(double* seconds, long count) {
  for (long i = 0; i + kBatch <= count; i += kBatch) {
    char metric[32];
    snprintf(metric, sizeof metric, "batch_%ld", i / kBatch + 1);
    report(metric, batch_median(seconds + i) * 1e6);
  }
}

static inline double cpu_of_further(const struct crowd_calls* calls, const char* child, bool pipes, long count) {
  calls->spawn(child, pipes);
  const double before = cpu_seconds();
  for (long i = 0; i < count; ++i) calls->spawn(child, pipes);
  return (cpu_seconds() - before) * 1e6 / (double)count;
}

static inline int run_crowd(int argc, char** argv, const struct crowd_calls* calls) {
  const long count = number_argument(argc, argv, 1);
  const bool pipes = number_argument(argc, argv, 2) == 3;
  const long further = number_argument(argc, argv, 3);
  const char* sleeper = child_path("child_sleep");
  const char* exiter = child_path("child_exit");
  double* seconds = calloc((size_t)count, sizeof *seconds);
  if (seconds == NULL || count < kBatch) die("calloc");
  raise_descriptor_limit();
  calls->open(count + 1);

  calls->start(sleeper, pipes);
  calls->watch();
  const double cpu_alone = cpu_of_further(calls, exiter, pipes, further);

  const double start = wall_seconds();
  double before = start;
  for (long i = 0; i < count; ++i) {
    calls->start(sleeper, pipes);
    const double now = wall_seconds();
    seconds[i] = now - before;
    before = now;
  }
  report("start_s", before - start);
  report_batches(seconds, count);

  calls->watch();
  report("cpu_alone_us", cpu_alone);
  report("cpu_crowd_us", cpu_of_further(calls, exiter, pipes, further));
  calls->end();
  free(seconds);
  return 0;
}

#endif
