// Copies stdin to stdout, but not at once: whoever waits for it has gone to sleep by then, even under strace.
#define _GNU_SOURCE
#include <stdio.h>
#include <time.h>
#include <unistd.h>

int main(void) {
  const struct timespec delay = {.tv_nsec = 300 * 1000};
  char buffer[4096];
  ssize_t count;
  while ((count = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) {
    if (nanosleep(&delay, NULL) != 0 || write(STDOUT_FILENO, buffer, (size_t)count) != count) {
      perror("child_slow_cat");
      return 1;
    }
  }
  return count == 0 ? 0 : 1;
}
