// Starts CHILDREN children at once, each of which writes 1 MiB, and reads each of them into a buffer of its own, by one
// epoll loop. They are started, read and reaped by the library's system calls. With "copy", each output is copied once
// more in the end, as whoever makes a string of it has to.
#define _GNU_SOURCE
#include <stddef.h>
#include <string.h>

#include "arguments.h"
#include "burden.h"
#include "clock.h"
#include "clone_child.h"

enum { kFirstCapacity = 65536, kExpected = 1 << 20, kEventsAtOnce = 1024 };

struct reader {
  struct clone_child child;
  char* buffer;
  size_t size;
  size_t capacity;
  bool at_end;  // of its output; what is left is its exit
};

// As long as there is something, and room is made for it.
static void read_output(struct reader* reader) {
  for (;;) {
    if (reader->size == reader->capacity) {
      reader->capacity = reader->capacity == 0 ? kFirstCapacity : reader->capacity * 2;
      reader->buffer = realloc(reader->buffer, reader->capacity);
      if (reader->buffer == NULL) die("realloc");
    }
    const size_t room = reader->capacity - reader->size;
    const ssize_t count = read(reader->child.ends[1], reader->buffer + reader->size, room);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) die("read");
    reader->at_end = count == 0;
    if (reader->at_end) return;
    reader->size += (size_t)count;
  }
}

// Whether it has exited.
static bool reap(const struct reader* reader) {
  siginfo_t info = {0};
  if (waitid((idtype_t)kPidfd, (id_t)reader->child.pidfd, &info, WEXITED | WNOHANG) != 0) die("waitid");
  if (info.si_pid == 0) return false;
  if (info.si_code != CLD_EXITED || info.si_status != 0) {
    fprintf(stderr, "the child did not exit with 0\n");
    exit(1);
  }
  return true;
}

// As LuaJIT's allocator has it, which maps and unmaps every block of that size.
static void copy_output(const struct reader* reader) {
  void* copy = mmap(NULL, reader->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (copy == MAP_FAILED) die("mmap");
  memcpy(copy, reader->buffer, reader->size);
  if (munmap(copy, reader->size) != 0) die("munmap");
}

static void watch(const struct cloner* cloner, int fd, struct reader* reader) {
  struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = reader}};
  if (epoll_ctl(cloner->epoll, EPOLL_CTL_ADD, fd, &event) != 0) die("epoll_ctl");
}

// Goes on with a reader whose descriptor is ready. Returns 1 when that was the last of it, or 0.
static size_t go_on(const struct cloner* cloner, struct reader* reader, bool copies) {
  if (!reader->at_end) {
    read_output(reader);
    if (!reader->at_end) return 0;
    close(reader->child.ends[1]);
    reader->child.ends[1] = -1;
    if (!reap(reader)) {
      watch(cloner, reader->child.pidfd, reader);
      return 0;
    }
  } else if (!reap(reader)) {
    return 0;
  }
  if (reader->size != kExpected) die("the child's output has another size");
  if (copies) copy_output(reader);
  close_clone_child(&reader->child);
  free(reader->buffer);
  return 1;
}

int main(int argc, char** argv) {
  const size_t children = (size_t)number_argument(argc, argv, 1);
  const bool copies = argc > 2;
  const char* program = child_path("child_mebibyte");
  raise_descriptor_limit();
  const double wall = wall_seconds();
  const double cpu = cpu_seconds();

  struct cloner cloner;
  open_cloner(&cloner);
  struct reader* readers = calloc(children, sizeof *readers);
  if (readers == NULL) die("calloc");
  for (size_t i = 0; i < children; ++i) {
    start_clone_child(&cloner, program, true, &readers[i].child);
    read_output(&readers[i]);
    watch(&cloner, readers[i].child.ends[1], &readers[i]);
  }
  for (size_t ended = 0; ended < children;) {
    struct epoll_event events[kEventsAtOnce];
    const int count = epoll_wait(cloner.epoll, events, kEventsAtOnce, -1);
    if (count < 0) die("epoll_wait");
    for (int i = 0; i < count; ++i) ended += go_on(&cloner, events[i].data.ptr, copies);
  }
  const double seconds = wall_seconds() - wall;
  const double used = cpu_seconds() - cpu;

  report("ms", seconds * 1e3);
  report("cpu_ms", used * 1e3);
  return 0;
}
