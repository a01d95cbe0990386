// What no test may leave behind: an open descriptor, a child. Whoever includes this has both compared at the end of its
// suite with the beginning.
#ifndef DESCRIPTORS_H_
#define DESCRIPTORS_H_

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <climits>
#include <cstdlib>
#include <map>
#include <string>
#include <uv.h>

namespace pipe_core {

// From here on numbers are those of a tool that watches us: valgrind has some.
inline const rlim_t limit_at_start = [] {
  rlimit limit = {};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}();

// The numbers of /proc/<process>/fd and what they stand for.
inline std::map<int, std::string> open_descriptors(const std::string& process = "self") {
  const std::string folder = "/proc/" + process + "/fd";
  std::map<int, std::string> found;
  DIR* directory = ::opendir(folder.c_str());
  if (directory == nullptr) return found;
  while (const dirent* entry = ::readdir(directory)) {
    if (entry->d_name[0] == '.') continue;
    const int fd = std::atoi(entry->d_name);
    if (process == "self" && (fd == ::dirfd(directory) || static_cast<rlim_t>(fd) >= limit_at_start)) continue;
    char target[PATH_MAX];
    const ssize_t size = ::readlink((folder + "/" + entry->d_name).c_str(), target, sizeof target);
    found[fd] = std::string(target, static_cast<size_t>(size > 0 ? size : 0));
  }
  ::closedir(directory);
  return found;
}

inline bool is_open(int fd) { return ::fcntl(fd, F_GETFD) != -1; }

// Whether of the descriptors 0, 1 and 2 exactly those are closed that have their bit in `closed`. Without gtest, which
// needs them.
inline bool closed_stdio_is(unsigned closed) {
  unsigned found = 0;
  for (int number = 0; number < 3; ++number) found |= is_open(number) ? 0U : 1U << number;
  return found == closed;
}
inline void close_stdio(unsigned closed) {
  for (int number = 0; number < 3; ++number) {
    if ((closed >> number & 1U) != 0) ::close(number);
  }
}

// Living or dead. Nothing is reaped by asking.
inline bool has_children() {
  siginfo_t info = {};
  return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

class NothingLeftBehind final : public testing::Environment {
  void SetUp() override {
    // libuv opens a pipe for the whole process with its first loop, and keeps it.
    uv_loop_t first;
    ASSERT_EQ(uv_loop_init(&first), 0);
    ASSERT_EQ(uv_loop_close(&first), 0);
    before_ = open_descriptors();
    ASSERT_FALSE(has_children());
  }

  void TearDown() override {
    EXPECT_EQ(open_descriptors(), before_);
    EXPECT_FALSE(has_children());
  }

  std::map<int, std::string> before_;
};

inline testing::Environment* const nothing_left_behind = testing::AddGlobalTestEnvironment(new NothingLeftBehind);

}  // namespace pipe_core

#endif
