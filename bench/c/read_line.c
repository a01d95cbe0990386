// Counts the LINES lines of a PROGRAM, LENGTH bytes without their ends, by memchr(3).
#define _GNU_SOURCE
#include "arguments.h"
#include "clock.h"
#include "talking_child.h"

// The lines so far, and their bytes.
struct lines {
  size_t count;
  size_t length;
};

static void count_lines(const char* data, size_t size, struct lines* lines) {
  const char* const end = data + size;
  for (const char* newline; (newline = memchr(data, '\n', (size_t)(end - data))) != NULL; data = newline + 1) {
    ++lines->count;
    lines->length += (size_t)(newline - data);
  }
  lines->length += (size_t)(end - data);
}

int main(int argc, char** argv) {
  static char room[65536];
  const size_t count = (size_t)number_argument(argc, argv, 1);
  const size_t length = (size_t)number_argument(argc, argv, 2);
  const char* const* command = command_arguments(argc, argv, 3);
  const double wall = wall_seconds();
  const double cpu = cpu_seconds();

  struct talking_child child;
  start_talking_child(command, &child);
  struct lines lines = {0, 0};
  for (size_t size; (size = read_some(&child, room, sizeof room)) > 0;) count_lines(room, size, &lines);
  finish_talking_child(&child);
  const double seconds = wall_seconds() - wall;
  if (lines.count != count || lines.length != length) {
    fprintf(stderr, "%zu lines, %zu bytes\n", lines.count, lines.length);
    return 1;
  }

  report("million_s", (double)lines.count / 1e6 / seconds);
  report("cpu_s", cpu_seconds() - cpu);
  return 0;
}
