// Writes BYTES bytes as fast as it can, in blocks of 64 KiB no two pages of which are alike: a host that makes strings
// of what it reads can share none of them.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kBlock = 64 * 1024, kPage = 4096 };

int main(int argc, char** argv) {
  static char block[kBlock];
  if (argc != 2) {
    fprintf(stderr, "usage: child_blocks BYTES\n");
    return 2;
  }
  for (size_t i = 0; i < kBlock; ++i) block[i] = (char)('a' + i % 23);
  uint64_t page = 0;
  for (uint64_t left = strtoull(argv[1], NULL, 10); left > 0;) {
    for (size_t at = 0; at < kBlock; at += kPage) {
      ++page;
      memcpy(block + at, &page, sizeof page);
    }
    const size_t size = left < kBlock ? (size_t)left : kBlock;
    for (size_t written = 0; written < size;) {
      const ssize_t count = write(STDOUT_FILENO, block + written, size - written);
      if (count < 0) {
        perror("child_blocks: write");
        return 1;
      }
      written += (size_t)count;
    }
    left -= size;
  }
  return 0;
}
