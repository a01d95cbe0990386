// What is to fail: the n-th call of one kind that the library makes. And what it has called, and owned, so far.
#ifndef PLAN_H_
#define PLAN_H_

#include <cstddef>

#define EXPORTED __attribute__((visibility("default")))

namespace faults {

// The range of a loaded library's code.
struct Code {
  const char* begin = nullptr;
  size_t size = 0;
  const char* base = nullptr;  // where the addresses in its file begin
  bool holds(const void* address) const {
    const auto* place = static_cast<const char*>(address);
    return place >= begin && place < begin + size;
  }
};

// The library under test; empty before start().
const Code& core();

// Counts a call to `name` that returns to `site`. Returns the errno that it is to fail with; 0 for one that is to go
// on. Only what libpipe_core.so calls counts, and what libuv calls, by the name "libuv:" and `name`.
int fails(const char* name, const void* site);

// A block of memory that the library owns from now on, or no more. Others' blocks pass by.
void owned(const char* name, const void* site, const void* block);
void disowned(const void* block);

// The name of a system call; its number where we have no name for it.
void name_call(long number, char* name, size_t size);
// close(2) does its work also where it fails.
bool works_in_any_case(long number);

// The listening descriptor of raw_calls.cc, which is no leak.
int listener();
// Has the system calls reported that the library makes without libc.
void watch_raw_calls();

}  // namespace faults

#endif
