// Runs COMMAND by /bin/sh.
#define _GNU_SOURCE
#include <errno.h>
#include <spawn.h>
#include <sys/wait.h>

#include "clock.h"

extern char** environ;

int main(int argc, char** argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: shell COMMAND\n");
    return 2;
  }
  char* const arguments[] = {"sh", "-c", argv[1], NULL};
  const double wall = wall_seconds();

  pid_t pid;
  errno = posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ);
  if (errno != 0) die("/bin/sh");
  int status;
  if (waitpid(pid, &status, 0) != pid) die("waitpid");
  if (status != 0) {
    fprintf(stderr, "the command ended with the status %d\n", status);
    return 1;
  }

  report("wall_s", wall_seconds() - wall);
  return 0;
}
