// Sends a line to and fro through PROGRAM, a cat, ROUND_TRIPS times: write, epoll_wait, read. With "pinned", both stay
// on one processor.
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>

#include "arguments.h"
#include "clock.h"
#include "processor.h"
#include "talking_child.h"

static void ping(struct talking_child* child) {
  static const char line[] = "ping\n";
  const size_t size = sizeof line - 1;
  char room[64];
  write_all(child, line, size);
  for (size_t got = 0; got < size;) {
    wait_until_ready(child, 1);
    const size_t count = read_some(child, room + got, sizeof room - got);
    if (count == 0) die("end of file");
    got += count;
  }
  if (memcmp(room, line, size) != 0) die("not what was sent");
}

int main(int argc, char** argv) {
  const long round_trips = number_argument(argc, argv, 1);
  const bool pinned = argc > 3;
  if (pinned) argv[3] = NULL;
  const char* const* command = command_arguments(argc, argv, 2);
  if (pinned) stay_on_processor();
  signal(SIGPIPE, SIG_IGN);

  struct talking_child child;
  start_talking_child(command, &child);
  ping(&child);  // now it has started
  const double wall = wall_seconds();
  for (long i = 0; i < round_trips; ++i) ping(&child);
  const double seconds = wall_seconds() - wall;
  finish_talking_child(&child);

  report("us", seconds * 1e6 / (double)round_trips);
  return 0;
}
