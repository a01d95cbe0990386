// Reads BYTES bytes into one buffer of 64 KiB.
#define _GNU_SOURCE
#include "arguments.h"
#include "clock.h"
#include "talking_child.h"

int main(int argc, char** argv) {
  static char room[65536];
  const size_t bytes = (size_t)number_argument(argc, argv, 1);
  const char* const command[] = {child_path("child_blocks"), argv[1], NULL};
  const double wall = wall_seconds();
  const double cpu = cpu_seconds();

  struct talking_child child;
  start_talking_child(command, &child);
  size_t got = 0;
  for (size_t count; (count = read_some(&child, room, sizeof room)) > 0;) got += count;
  finish_talking_child(&child);
  if (got != bytes) {
    fprintf(stderr, "%zu bytes\n", got);
    return 1;
  }

  report("cpu_s", cpu_seconds() - cpu);
  report("wall_s", wall_seconds() - wall);
  return 0;
}
