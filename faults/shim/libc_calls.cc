// libc's functions that the library, or libuv, calls and that can fail. Whoever else calls them gets libc's.
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <dlfcn.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>

#include "plan.h"

namespace {

template <class Function>
Function* behind(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

struct Request {
  unsigned long number;
  const char* name;
};

constexpr Request kRequests[] = {
    {TIOCGPTPEER, "TIOCGPTPEER"}, {TIOCSWINSZ, "TIOCSWINSZ"}, {_IOWR(0xFF, 11, char[64]), "PIDFD_GET_INFO"}};

}  // namespace

// Under names of our own, and exported under libc's: its headers may declare them in other words.
#define REPLACE(type, name, parameters)                  \
  extern "C" type replaced_##name parameters asm(#name); \
  extern "C" EXPORTED type replaced_##name parameters

#define CALLER __builtin_return_address(0)
#define REAL(name) static auto* const real = behind<decltype(replaced_##name)>(#name)

// A function that answers `failure`, and tells why by errno.
#define BY_ERRNO(type, name, parameters, arguments, failure) \
  REPLACE(type, name, parameters) {                          \
    REAL(name);                                              \
    if (const int error = faults::fails(#name, CALLER)) {    \
      errno = error;                                         \
      return failure;                                        \
    }                                                        \
    return real arguments;                                   \
  }

// A function that answers the errno itself.
#define BY_NUMBER(name, parameters, arguments)                                    \
  REPLACE(int, name, parameters) {                                                \
    REAL(name);                                                                   \
    if (const int error = faults::fails(#name, CALLER); error != 0) return error; \
    return real arguments;                                                        \
  }

// A function that does its work also where it fails: whoever called it must not call it again.
#define IN_ANY_CASE(name, parameters, arguments)          \
  REPLACE(int, name, parameters) {                        \
    REAL(name);                                           \
    const int result = real arguments;                    \
    if (const int error = faults::fails(#name, CALLER)) { \
      errno = error;                                      \
      return -1;                                          \
    }                                                     \
    return result;                                        \
  }

using Any = void*;  // a pointer to what we do not look at

// Descriptors.
BY_ERRNO(int, pipe2, (int* ends, int flags), (ends, flags), -1)
BY_ERRNO(int, fcntl, (int fd, int command, long argument), (fd, command, argument), -1)
BY_ERRNO(int, dup3, (int from, int to, int flags), (from, to, flags), -1)
BY_ERRNO(int, fchown, (int fd, unsigned user, unsigned group), (fd, user, group), -1)
BY_ERRNO(ssize_t, read, (int fd, Any room, size_t size), (fd, room, size), -1)
BY_ERRNO(ssize_t, write, (int fd, const void* data, size_t size), (fd, data, size), -1)
BY_ERRNO(ssize_t, writev, (int fd, Any vectors, int count), (fd, vectors, count), -1)
IN_ANY_CASE(close, (int fd), (fd))

REPLACE(int, open, (const char* path, int flags, unsigned mode)) {
  REAL(open);
  // A call of its own: who hides the other processes in /proc does not hide that one.
  const bool is_own_entry = std::strcmp(path, "/proc/self/stat") == 0;
  if (const int error = faults::fails(is_own_entry ? "open_self" : "open", CALLER)) {
    errno = error;
    return -1;
  }
  return real(path, flags, mode);
}

// Each request is a call of its own.
REPLACE(int, ioctl, (int fd, unsigned long request, Any argument)) {
  REAL(ioctl);
  char name[40];
  std::snprintf(name, sizeof name, "ioctl-%lx", request);
  for (const auto& known : kRequests) {
    if (known.number == request) std::snprintf(name, sizeof name, "%s", known.name);
  }
  if (const int error = faults::fails(name, CALLER)) {
    errno = error;
    return -1;
  }
  return real(fd, request, argument);
}

// Waiting.
BY_ERRNO(int, epoll_create1, (int flags), (flags), -1)
BY_ERRNO(int, epoll_ctl, (int set, int operation, int fd, Any event), (set, operation, fd, event), -1)
BY_ERRNO(int, epoll_wait, (int set, Any events, int most, int ms), (set, events, most, ms), -1)
BY_ERRNO(int, epoll_pwait, (int set, Any events, int most, int ms, Any mask), (set, events, most, ms, mask), -1)
BY_ERRNO(int, poll, (Any entries, unsigned long count, int ms), (entries, count, ms), -1)
BY_ERRNO(int, eventfd, (unsigned count, int flags), (count, flags), -1)
BY_ERRNO(int, timerfd_create, (int clock, int flags), (clock, flags), -1)
BY_ERRNO(int, timerfd_settime, (int fd, int flags, Any due, Any before), (fd, flags, due, before), -1)
BY_ERRNO(int, nanosleep, (Any time, Any rest), (time, rest), -1)

// Processes and signals.
REPLACE(int, waitid, (int type, unsigned id, Any info, int options)) {
  REAL(waitid);
  constexpr int kPidfd = 3;  // P_PIDFD: a kernel may not have it
  if (const int error = faults::fails(type == kPidfd ? "P_PIDFD" : "waitid", CALLER)) {
    errno = error;
    return -1;
  }
  return real(type, id, info, options);
}

BY_ERRNO(int, kill, (int pid, int signum), (pid, signum), -1)
BY_ERRNO(int, getpgid, (int pid), (pid), -1)
BY_ERRNO(int, sigaction, (int signum, Any action, Any before), (signum, action, before), -1)
BY_ERRNO(int, sigpending, (Any set), (set), -1)
BY_ERRNO(int, sigtimedwait, (Any set, Any info, Any timeout), (set, info, timeout), -1)
BY_NUMBER(pthread_sigmask, (int how, Any set, Any before), (how, set, before))
BY_NUMBER(__register_atfork, (Any before, Any parent, Any child, Any library), (before, parent, child, library))
BY_NUMBER(__cxa_atexit, (Any function, Any argument, Any library), (function, argument, library))

// Terminals, /proc, the user database, the host's Lua files.
BY_ERRNO(int, posix_openpt, (int flags), (flags), -1)
BY_ERRNO(int, unlockpt, (int fd), (fd), -1)
BY_ERRNO(int, tcgetattr, (int fd, Any settings), (fd, settings), -1)
BY_ERRNO(Any, opendir, (const char* path), (path), nullptr)
BY_ERRNO(Any, readdir, (Any folder), (folder), nullptr)
IN_ANY_CASE(closedir, (Any folder), (folder))
BY_ERRNO(int, fflush, (Any file), (file), -1)
BY_ERRNO(int, getgrouplist, (const char* user, unsigned group, Any groups, Any count), (user, group, groups, count), -1)
BY_NUMBER(ptsname_r, (int fd, char* path, size_t size), (fd, path, size))
BY_NUMBER(getpwnam_r, (const char* name, Any entry, Any room, size_t size, Any* found),
          (name, entry, room, size, found))
BY_NUMBER(getpwuid_r, (unsigned uid, Any entry, Any room, size_t size, Any* found), (uid, entry, room, size, found))
BY_NUMBER(getgrnam_r, (const char* name, Any entry, Any room, size_t size, Any* found),
          (name, entry, room, size, found))

// Memory.
BY_ERRNO(int, mprotect, (Any begin, size_t size, int protection), (begin, size, protection), -1)
BY_ERRNO(int, madvise, (Any begin, size_t size, int advice), (begin, size, advice), -1)

REPLACE(void*, mmap, (Any begin, size_t size, int protection, int flags, int fd, long offset)) {
  REAL(mmap);
  if (const int error = faults::fails("mmap", CALLER)) {
    errno = error;
    return MAP_FAILED;
  }
  void* pages = real(begin, size, protection, flags, fd, offset);
  if (pages != MAP_FAILED) faults::owned("mmap", CALLER, pages);
  return pages;
}

REPLACE(int, munmap, (Any begin, size_t size)) {
  REAL(munmap);
  faults::disowned(begin);
  return real(begin, size);
}

// The library's raw clone(2) is in raw_calls.cc, by the same name.
REPLACE(int, __clone, (Any function, Any stack, int flags, Any argument, Any parent_id, Any tls, Any child_id)) {
  REAL(__clone);
  if (const int error = faults::fails("clone", CALLER)) {
    errno = error;
    return -1;
  }
  return real(function, stack, flags, argument, parent_id, tls, child_id);
}

REPLACE(long, syscall, (long number, long a, long b, long c, long d, long e, long f)) {
  REAL(syscall);
  char name[40];
  faults::name_call(number, name, sizeof name);
  const int error = faults::fails(name, CALLER);
  if (error == 0 || faults::works_in_any_case(number)) return real(number, a, b, c, d, e, f);
  errno = error;
  return -1;
}
