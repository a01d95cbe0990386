// Workloads 1 to 3 by posix_spawn(3); see spawning.h.
#define _GNU_SOURCE
#include "posix_child.h"
#include "spawning.h"

static void open_host(void) {}

static void spawn(const char* path) {
  struct posix_child child;
  start_posix_child(path, true, &child);
  wait_for_posix_child(&child);
  close_posix_child(&child);
}

int main(int argc, char** argv) {
  return run_spawning(argc, argv, &(struct spawning_calls){.open = open_host, .spawn = spawn});
}
