// Starting and ending a child by glibc's posix_spawn(3), as a C programmer would write it.
#ifndef BENCH_POSIX_CHILD_H_
#define BENCH_POSIX_CHILD_H_

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"

extern char** environ;

struct posix_child {
  pid_t pid;
  int ends[3];  // the parent's; -1 where there is no pipe
};

// posix_spawn(3) and its like return the error instead of setting errno.
static inline void must(int error, const char* what) {
  if (error == 0) return;
  errno = error;
  die(what);
}

// Starts `path` with three pipes, or with /dev/null for all three.
static inline void start_posix_child(const char* path, bool pipes, struct posix_child* child) {
  posix_spawn_file_actions_t actions;
  int child_ends[3];
  must(posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
  for (int number = 0; number < 3; ++number) {
    child->ends[number] = child_ends[number] = -1;
    if (!pipes) {
      must(posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0), "addopen");
      continue;
    }
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) die("pipe2");
    child->ends[number] = ends[number == 0];
    child_ends[number] = ends[number != 0];
    if (fcntl(child->ends[number], F_SETFL, O_NONBLOCK) != 0) die("F_SETFL");
    must(posix_spawn_file_actions_adddup2(&actions, child_ends[number], number), "adddup2");
  }
  char* argv[] = {(char*)path, NULL};
  must(posix_spawn(&child->pid, path, &actions, NULL, argv, environ), "posix_spawn");
  must(posix_spawn_file_actions_destroy(&actions), "posix_spawn_file_actions_destroy");
  for (int number = 0; number < 3; ++number) {
    if (child_ends[number] >= 0) close(child_ends[number]);
  }
}

// The status must be 0.
static inline void wait_for_posix_child(const struct posix_child* child) {
  int status;
  if (waitpid(child->pid, &status, 0) != child->pid) die("waitpid");
  if (status != 0) {
    fprintf(stderr, "the child did not exit with 0\n");
    exit(1);
  }
}

static inline void close_posix_child(const struct posix_child* child) {
  for (int number = 0; number < 3; ++number) {
    if (child->ends[number] >= 0) close(child->ends[number]);
  }
}

#endif
