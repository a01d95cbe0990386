// Workload 3's crowd by posix_spawn(3); see crowd.h.
#define _GNU_SOURCE
#include <signal.h>

#include "crowd.h"
#include "posix_child.h"

static struct posix_child* children;
static long started;

static void open_host(long count) {
  children = calloc((size_t)count, sizeof *children);
  if (children == NULL) die("calloc");
}

static void start(const char* path, bool pipes) { start_posix_child(path, pipes, &children[started++]); }

static void watch(void) {}  // waitpid(2) needs none

static void spawn(const char* path, bool pipes) {
  struct posix_child child;
  start_posix_child(path, pipes, &child);
  wait_for_posix_child(&child);
  close_posix_child(&child);
}

static void end(void) {
  for (long i = 0; i < started; ++i) {
    if (kill(children[i].pid, SIGKILL) != 0) die("kill");
  }
  for (long i = 0; i < started; ++i) {
    int status;
    if (waitpid(children[i].pid, &status, 0) != children[i].pid) die("waitpid");
    if (!WIFSIGNALED(status)) die("a child had ended");
    close_posix_child(&children[i]);
  }
  free(children);
}

int main(int argc, char** argv) {
  return run_crowd(argc, argv, &(struct crowd_calls){open_host, start, watch, spawn, end});
}
