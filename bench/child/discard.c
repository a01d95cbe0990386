// Reads its stdin up to the end, and fails unless that were BYTES bytes.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char** argv) {
  static char buffer[64 * 1024];
  if (argc != 2) {
    fprintf(stderr, "usage: child_discard BYTES\n");
    return 2;
  }
  const uint64_t wanted = strtoull(argv[1], NULL, 10);
  uint64_t got = 0;
  ssize_t count;
  while ((count = read(STDIN_FILENO, buffer, sizeof buffer)) > 0) got += (uint64_t)count;
  if (count < 0) {
    perror("child_discard: read");
    return 1;
  }
  if (got != wanted) {
    fprintf(stderr, "child_discard: %ju bytes instead of %ju\n", (uintmax_t)got, (uintmax_t)wanted);
    return 1;
  }
  return 0;
}
