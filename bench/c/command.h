// Starting a command with /dev/null for its stdin and pipes for its outputs, as the library's run does; what it wrote,
// and how it must have ended.
#ifndef BENCH_COMMAND_H_
#define BENCH_COMMAND_H_

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arguments.h"
#include "clock.h"

static char* const kProgram[] = {"/bin/echo", "hi", NULL};
static char* const kShell[] = {"/bin/sh", "-c", "--", "echo hi", NULL};

// The command that the argument at `index` names.
static inline char* const* command_argument(int argc, char** argv, int index) {
  if (index < argc && strcmp(argv[index], "program") == 0) return kProgram;
  if (index < argc && strcmp(argv[index], "shell") == 0) return kShell;
  fprintf(stderr, "usage: %s COUNT program|shell\n", argv[0]);
  exit(1);
}

// What has come from one of the child's outputs, whose end is `fd`; -1 once it is at its end.
struct output {
  int fd;
  size_t size;
  char data[64 << 10];
};

// Reads once. Returns whether it may be worth another try.
static inline bool read_output(struct output* output) {
  ssize_t count;
  do {
    count = read(output->fd, output->data + output->size, sizeof output->data - output->size);
  } while (count < 0 && errno == EINTR);
  if (count < 0 && errno == EAGAIN) return false;
  if (count < 0) die("read");
  if (count == 0) {
    if (output->size == sizeof output->data) die("too much output");
    close(output->fd);
    output->fd = -1;
  }
  output->size += (size_t)count;
  return count > 0;
}

static inline void check_run(bool exited_with_0, const struct output* out, const struct output* err) {
  if (exited_with_0 && out->size == 3 && memcmp(out->data, "hi\n", 3) == 0 && err->size == 0) return;
  fprintf(stderr, "the command did not do what it should\n");
  exit(1);
}

// The program around it: `run(kept, command)` runs a command once, and checks it.
static inline int run_commands(int argc, char** argv, void (*run)(void* kept, char* const* command), void* kept) {
  const long count = number_argument(argc, argv, 1);
  char* const* command = command_argument(argc, argv, 2);
  for (long i = 0; i < count / 10; ++i) run(kept, command);
  const double wall = wall_seconds();
  const double cpu = cpu_seconds();
  for (long i = 0; i < count; ++i) run(kept, command);
  report("us", (wall_seconds() - wall) * 1e6 / (double)count);
  report("cpu_us", (cpu_seconds() - cpu) * 1e6 / (double)count);
  return 0;
}

#endif
