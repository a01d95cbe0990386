// What a benchmark program in C reads from the kernel about itself, and how it tells the driver.
#ifndef BENCH_CLOCK_H_
#define BENCH_CLOCK_H_

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

// A call failed: a benchmark that goes on regardless would measure something else.
static inline _Noreturn void die(const char* what) {
  perror(what);
  exit(1);
}

// Seconds since some moment in the past, as they pass on the wall.
static inline double wall_seconds(void) {
  struct timespec now;
  if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) die("clock_gettime");
  return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

// Seconds of processor time that this process has used, in the kernel too; without its children.
static inline double cpu_seconds(void) {
  struct rusage usage;
  if (getrusage(RUSAGE_SELF, &usage) != 0) die("getrusage");
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e-6;
}

// The most memory in bytes that this process has ever had resident.
static inline size_t peak_bytes(void) {
  FILE* status = fopen("/proc/self/status", "re");
  if (status == NULL) die("/proc/self/status");
  char line[256];
  size_t kibibytes = 0;
  while (fgets(line, sizeof line, status) != NULL) {
    if (sscanf(line, "VmHWM: %zu kB", &kibibytes) == 1) break;
  }
  fclose(status);
  if (kibibytes == 0) die("VmHWM");
  return kibibytes * 1024;
}

// Prints a result for the driver.
static inline void report(const char* metric, double number) {
  if (printf("%s %.9g\n", metric, number) < 0 || fflush(stdout) != 0) die("stdout");
}

#endif
