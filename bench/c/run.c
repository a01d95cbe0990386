// Workload 10 at the limit: runs a command and collects both outputs by bare system calls, those of the library.
// run COUNT program|shell
#define _GNU_SOURCE
#include "clone_child.h"
#include "command.h"

static void watch(int epoll, int fd, void* what) {
  struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = what}};
  if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

static void run(void* kept, char* const* command) {
  struct cloner* cloner = kept;
  struct clone_child child;
  static struct output out, err;
  start_clone_command(cloner, command, (const bool[]){false, true, true}, &child);
  out.fd = child.ends[1];
  err.fd = child.ends[2];
  out.size = err.size = 0;
  watch(cloner->epoll, out.fd, &out);
  watch(cloner->epoll, err.fd, &err);
  watch(cloner->epoll, child.pidfd, &child);
  siginfo_t info = {0};
  while (out.fd >= 0 || err.fd >= 0 || child.pidfd >= 0) {
    struct epoll_event events[3];
    const int count = epoll_wait(cloner->epoll, events, 3, -1);
    if (count <= 0) die("epoll_wait");
    for (int i = 0; i < count; ++i) {
      if (events[i].data.ptr != &child) {
        // Once more only where the end of file is known to be there.
        while (read_output(events[i].data.ptr) && (events[i].events & EPOLLHUP) != 0) {
        }
        continue;
      }
      if (waitid((idtype_t)kPidfd, (id_t)child.pidfd, &info, WEXITED) != 0) die("waitid");
      close(child.pidfd);
      child.pidfd = -1;
    }
  }
  check_run(info.si_pid == child.pid && info.si_code == CLD_EXITED && info.si_status == 0, &out, &err);
}

int main(int argc, char** argv) {
  struct cloner cloner;
  open_cloner(&cloner);
  return run_commands(argc, argv, run, &cloner);
}
