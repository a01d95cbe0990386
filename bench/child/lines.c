// Writes COUNT lines of 200 bytes, and a LF each, as fast as it can. No two are alike, and they differ everywhere: in
// whatever bytes of a string LuaJIT looks at when it hashes it.
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { kLength = 200, kNumber = 8, kLinesAtOnce = 326 };  // 65,526 bytes: what fits into a pipe

// A line is its number 25 times, in hexadecimal digits, multiplied by an odd number that leaves no digit as it was.
static void make_line(uint32_t number, char* line) {
  static const char digits[] = "0123456789abcdef";
  const uint32_t scattered = number * UINT32_C(2654435761);
  for (int i = 0; i < kNumber; ++i) line[i] = digits[(scattered >> (4 * i)) & 15];
  for (int filled = kNumber; filled < kLength; filled += kNumber) memcpy(line + filled, line, kNumber);
  line[kLength] = '\n';
}

int main(int argc, char** argv) {
  static char block[kLinesAtOnce * (kLength + 1)];
  if (argc != 2) {
    fprintf(stderr, "usage: child_lines COUNT\n");
    return 2;
  }
  const uint32_t count = (uint32_t)strtoul(argv[1], NULL, 10);
  for (uint32_t number = 0; number < count;) {
    size_t size = 0;
    for (; number < count && size < sizeof block; ++number, size += kLength + 1) make_line(number, block + size);
    for (size_t written = 0; written < size;) {
      const ssize_t result = write(STDOUT_FILENO, block + written, size - written);
      if (result < 0) {
        perror("child_lines: write");
        return 1;
      }
      written += (size_t)result;
    }
  }
  return 0;
}
