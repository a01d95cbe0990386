// Workload 10 by glibc's posix_spawn(3) and poll(2), as a C programmer would write it. posix_run COUNT program|shell
#define _GNU_SOURCE
#include <poll.h>
#include <sys/wait.h>

#include "command.h"
#include "posix_child.h"

static pid_t start_command(char* const* command, struct output* outputs[2]) {
  posix_spawn_file_actions_t actions;
  int child_ends[2];
  must(posix_spawn_file_actions_init(&actions), "posix_spawn_file_actions_init");
  must(posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0), "addopen");
  for (int i = 0; i < 2; ++i) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) die("pipe2");
    outputs[i]->fd = ends[0];
    outputs[i]->size = 0;
    child_ends[i] = ends[1];
    must(posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO + i), "adddup2");
  }
  pid_t pid;
  must(posix_spawn(&pid, command[0], &actions, NULL, command, environ), "posix_spawn");
  must(posix_spawn_file_actions_destroy(&actions), "posix_spawn_file_actions_destroy");
  for (int i = 0; i < 2; ++i) close(child_ends[i]);
  return pid;
}

static void run(void* kept, char* const* command) {
  (void)kept;
  static struct output out, err;
  struct output* outputs[] = {&out, &err};
  const pid_t pid = start_command(command, outputs);
  while (out.fd >= 0 || err.fd >= 0) {
    struct pollfd ends[] = {{.fd = out.fd, .events = POLLIN}, {.fd = err.fd, .events = POLLIN}};
    if (poll(ends, 2, -1) <= 0) die("poll");
    for (int i = 0; i < 2; ++i) {
      if (ends[i].revents != 0) read_output(outputs[i]);
    }
  }
  int status;
  if (waitpid(pid, &status, 0) != pid) die("waitpid");
  check_run(status == 0, &out, &err);
}

int main(int argc, char** argv) { return run_commands(argc, argv, run, NULL); }
