// Writes BYTES bytes in blocks of 64 KiB, 64 of them again and again.
#define _GNU_SOURCE
#include <signal.h>

#include "arguments.h"
#include "clock.h"
#include "talking_child.h"

enum { kBlock = 65536, kBlocks = 64 };

int main(int argc, char** argv) {
  static char blocks[kBlocks][kBlock];
  for (int i = 0; i < kBlocks; ++i) memset(blocks[i], 'A' + i, kBlock);
  const size_t bytes = (size_t)number_argument(argc, argv, 1);
  const char* const command[] = {child_path("child_discard"), argv[1], NULL};
  signal(SIGPIPE, SIG_IGN);
  const double wall = wall_seconds();
  const double cpu = cpu_seconds();

  struct talking_child child;
  start_talking_child(command, &child);
  for (size_t i = 0; i < bytes / kBlock; ++i) write_all(&child, blocks[i % kBlocks], kBlock);
  finish_talking_child(&child);

  report("cpu_s", cpu_seconds() - cpu);
  report("wall_s", wall_seconds() - wall);
  return 0;
}
