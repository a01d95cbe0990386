// Workload 3's crowd at the limit; see crowd.h.
#define _GNU_SOURCE
#include "crowd.h"
#include "clone_child.h"

static struct cloner cloner;
static struct clone_child* children;
static long started;
static long watched;

static void open_host(long count) {
  open_cloner(&cloner);
  children = calloc((size_t)count, sizeof *children);
  if (children == NULL) die("calloc");
}

static void start(const char* path, bool pipes) { start_clone_child(&cloner, path, pipes, &children[started++]); }

static void watch(void) {
  while (watched < started) watch_clone_child(&cloner, &children[watched++]);
}

static void spawn(const char* path, bool pipes) {
  struct clone_child child;
  start_clone_child(&cloner, path, pipes, &child);
  watch_clone_child(&cloner, &child);
  wait_for_clone_child(&cloner, &child);
  close_clone_child(&child);
}

static void end(void) {
  for (long i = 0; i < started; ++i) {
    if (kill(children[i].pid, SIGKILL) != 0) die("kill");
  }
  for (long i = 0; i < started; ++i) {
    siginfo_t info = {0};
    if (waitid(P_PID, (id_t)children[i].pid, &info, WEXITED) != 0) die("waitid");
    if (info.si_code != CLD_KILLED) die("a child had ended");
    close_clone_child(&children[i]);
  }
  free(children);
}

int main(int argc, char** argv) {
  return run_crowd(argc, argv, &(struct crowd_calls){open_host, start, watch, spawn, end});
}
