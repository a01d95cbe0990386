// Writes 1 MiB, in blocks of 64 KiB; each child of a host something else, so that no two strings of it are one.
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { kBlock = 64 * 1024, kBlocks = 16 };

int main(void) {
  static char block[kBlock];
  const pid_t pid = getpid();
  for (size_t at = 0; at < sizeof block; at += sizeof pid) memcpy(block + at, &pid, sizeof pid);
  for (int i = 0; i < kBlocks; ++i) {
    for (size_t written = 0; written < sizeof block;) {
      const ssize_t count = write(STDOUT_FILENO, block + written, sizeof block - written);
      if (count < 0) {
        perror("child_mebibyte: write");
        return 1;
      }
      written += (size_t)count;
    }
  }
  return 0;
}
