// Workloads 1 to 3 at the limit; see spawning.h.
#define _GNU_SOURCE
#include "clone_child.h"
#include "spawning.h"

static struct cloner cloner;

static void open_host(void) { open_cloner(&cloner); }

static void spawn(const char* path) {
  struct clone_child child;
  start_clone_child(&cloner, path, true, &child);
  watch_clone_child(&cloner, &child);
  wait_for_clone_child(&cloner, &child);
  close_clone_child(&child);
}

int main(int argc, char** argv) {
  return run_spawning(argc, argv, &(struct spawning_calls){.open = open_host, .spawn = spawn});
}
