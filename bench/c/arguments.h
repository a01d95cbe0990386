// The numbers on a program's command line.
#ifndef BENCH_ARGUMENTS_H_
#define BENCH_ARGUMENTS_H_

#include <stdio.h>
#include <stdlib.h>

// The argument at `index`; 0 where it is missing.
static inline long number_argument(int argc, char** argv, int index) {
  if (index >= argc) return 0;
  char* end;
  const long number = strtol(argv[index], &end, 10);
  if (*end != '\0' || number < 0) {
    fprintf(stderr, "%s: not a number: %s\n", argv[0], argv[index]);
    exit(1);
  }
  return number;
}

// The path of a child that the benchmark brings along. It stays until the program ends.
static inline const char* child_path(const char* name) {
  const char* folder = getenv("BENCH_CHILDREN");
  char* path;
  if (folder == NULL || asprintf(&path, "%s/%s", folder, name) < 0) {
    fprintf(stderr, "BENCH_CHILDREN names no folder\n");
    exit(1);
  }
  return path;
}

#endif
