// A child that is written to and read from, with three pipes whose ends here do not block, as the library has them. How
// it is started does not matter: these programs take their time with what comes after.
#ifndef BENCH_TALKING_CHILD_H_
#define BENCH_TALKING_CHILD_H_

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arguments.h"
#include "clock.h"

extern char** environ;

struct talking_child {
  pid_t pid;
  int ends[3];  // ours
  int epoll;
  int watched;  // the one of `ends` that is in the epoll set, or -1; a program waits for one only
};

// Starts a program that is looked up in PATH.
static inline void start_talking_child(const char* const* argv, struct talking_child* child) {
  posix_spawn_file_actions_t actions;
  int theirs[3];
  if (posix_spawn_file_actions_init(&actions) != 0) die("posix_spawn_file_actions_init");
  for (int number = 0; number < 3; ++number) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) die("pipe2");
    child->ends[number] = ends[number == 0];
    theirs[number] = ends[number != 0];
    if (fcntl(child->ends[number], F_SETFL, O_NONBLOCK) != 0) die("F_SETFL");
    if (posix_spawn_file_actions_adddup2(&actions, theirs[number], number) != 0) die("adddup2");
  }
  errno = posix_spawnp(&child->pid, argv[0], &actions, NULL, (char* const*)argv, environ);
  if (errno != 0) die(argv[0]);
  posix_spawn_file_actions_destroy(&actions);
  for (int number = 0; number < 3; ++number) close(theirs[number]);
  child->epoll = epoll_create1(EPOLL_CLOEXEC);
  if (child->epoll < 0) die("epoll_create1");
  child->watched = -1;
}

// The watch is kept from one wait to the next.
static inline void wait_until_ready(struct talking_child* child, int number) {
  struct epoll_event event = {.events = number == 0 ? EPOLLOUT : EPOLLIN};
  if (child->watched != number) {
    if (epoll_ctl(child->epoll, EPOLL_CTL_ADD, child->ends[number], &event) != 0) die("epoll_ctl");
    child->watched = number;
  }
  if (epoll_wait(child->epoll, &event, 1, -1) != 1) die("epoll_wait");
}

// At least one byte of the child's stdout, at most `size`; 0 at end of file.
static inline size_t read_some(struct talking_child* child, char* room, size_t size) {
  for (;;) {
    const ssize_t count = read(child->ends[1], room, size);
    if (count >= 0) return (size_t)count;
    if (errno != EAGAIN) die("read");
    wait_until_ready(child, 1);
  }
}

static inline void write_all(struct talking_child* child, const char* data, size_t size) {
  while (size > 0) {
    const ssize_t count = write(child->ends[0], data, size);
    if (count >= 0) {
      data += count;
      size -= (size_t)count;
    } else if (errno == EAGAIN) {
      wait_until_ready(child, 0);
    } else {
      die("write");
    }
  }
}

// Closes its stdin and waits; the status must be 0.
static inline void finish_talking_child(struct talking_child* child) {
  close(child->ends[0]);
  int status;
  if (waitpid(child->pid, &status, 0) != child->pid) die("waitpid");
  if (status != 0) {
    fprintf(stderr, "the child did not exit with 0\n");
    exit(1);
  }
  close(child->ends[1]);
  close(child->ends[2]);
  close(child->epoll);
}

// The program and its arguments, from argv[index] on; one that is named "child_…" is the benchmark's own.
static inline const char* const* command_arguments(int argc, char** argv, int index) {
  if (index >= argc) {
    fprintf(stderr, "%s: no program is named\n", argv[0]);
    exit(1);
  }
  if (strncmp(argv[index], "child_", 6) == 0) argv[index] = (char*)child_path(argv[index]);
  return (const char* const*)(argv + index);
}

#endif
