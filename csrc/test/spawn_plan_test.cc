#include "spawn_plan.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "descriptors.h"
#include "forked.h"

namespace pipe_core {
namespace {

std::vector<std::string> paths(const char* file, const char* search_path) {
  const ProgramPaths planned(file, search_path);
  std::vector<std::string> found;
  for (const char* const* path = planned.data(); *path != nullptr; ++path) found.emplace_back(*path);
  return found;
}

using Paths = std::vector<std::string>;

TEST(ProgramPaths, GoThroughThePathInItsOrder) {
  EXPECT_EQ(paths("ls", "/usr/local/bin:/usr/bin:/bin"), (Paths{"/usr/local/bin/ls", "/usr/bin/ls", "/bin/ls"}));
  EXPECT_EQ(paths("ls", "/bin"), (Paths{"/bin/ls"}));
}

TEST(ProgramPaths, AreTheNameItselfWhenItHasASlash) {
  EXPECT_EQ(paths("/bin/ls", "/usr/bin"), (Paths{"/bin/ls"}));
  EXPECT_EQ(paths("./ls", "/usr/bin"), (Paths{"./ls"}));
  EXPECT_EQ(paths("a/ls", "/usr/bin"), (Paths{"a/ls"}));
  EXPECT_EQ(paths("ls/", "/usr/bin"), (Paths{"ls/"}));
}

TEST(ProgramPaths, OfNoNameAreNoDirectories) { EXPECT_EQ(paths("", "/usr/bin:/bin"), (Paths{""})); }

TEST(ProgramPaths, TakeAnEmptyElementForTheCurrentDirectory) {
  EXPECT_EQ(paths("ls", ":/bin"), (Paths{"./ls", "/bin/ls"}));
  EXPECT_EQ(paths("ls", "/bin:"), (Paths{"/bin/ls", "./ls"}));
  EXPECT_EQ(paths("ls", "/a::/b"), (Paths{"/a/ls", "./ls", "/b/ls"}));
  EXPECT_EQ(paths("ls", ""), (Paths{"./ls"}));
  EXPECT_EQ(paths("ls", ":"), (Paths{"./ls", "./ls"}));
}

TEST(ProgramPaths, AreThoseOfTheSystemWithoutAPath) {
  EXPECT_EQ(paths("ls", nullptr), (Paths{"/bin/ls", "/usr/bin/ls"}));
}

TEST(ProgramPaths, KeepStrangeDirectoriesAsTheyAre) {
  EXPECT_EQ(paths("ls", "/a b/:relative"), (Paths{"/a b//ls", "relative/ls"}));
}

bool is_pipe(int fd) {
  struct stat status = {};
  return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

TEST(StdioPipes, AreRealPipesWhoseParentsEndsDoNotBlock) {
  StdioPipes pipes;
  ASSERT_EQ(pipes.open(false), 0);
  for (int number = PIPE_STDIN; number <= PIPE_STDERR; ++number) {
    const int parent_end = pipes.parent_ends[number].get();
    const int child_end = pipes.child_ends[number].get();
    const bool child_reads = number == PIPE_STDIN;
    EXPECT_TRUE(is_pipe(parent_end));
    EXPECT_TRUE(is_pipe(child_end));
    EXPECT_EQ(::fcntl(parent_end, F_GETFL) & (O_ACCMODE | O_NONBLOCK),
              (child_reads ? O_WRONLY : O_RDONLY) | O_NONBLOCK);
    EXPECT_EQ(::fcntl(child_end, F_GETFL) & (O_ACCMODE | O_NONBLOCK), child_reads ? O_RDONLY : O_WRONLY);
    EXPECT_EQ(::fcntl(parent_end, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::fcntl(child_end, F_GETFD), FD_CLOEXEC);
  }
}

TEST(StdioPipes, ConnectTheTwoEndsOfTheSameNumber) {
  StdioPipes pipes;
  ASSERT_EQ(pipes.open(false), 0);
  char byte = 0;
  ASSERT_EQ(::write(pipes.parent_ends[PIPE_STDIN].get(), "i", 1), 1);
  ASSERT_EQ(::read(pipes.child_ends[PIPE_STDIN].get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'i');
  for (const int number : {PIPE_STDOUT, PIPE_STDERR}) {
    const char sent = static_cast<char>('0' + number);
    ASSERT_EQ(::write(pipes.child_ends[number].get(), &sent, 1), 1);
    ASSERT_EQ(::read(pipes.parent_ends[number].get(), &byte, 1), 1);
    EXPECT_EQ(byte, sent);
  }
}

TEST(StdioPipes, AreTwoWhenStderrIsMerged) {
  StdioPipes pipes;
  ASSERT_EQ(pipes.open(true), 0);
  EXPECT_TRUE(pipes.child_ends[PIPE_STDOUT]);
  EXPECT_FALSE(pipes.child_ends[PIPE_STDERR]);
  EXPECT_FALSE(pipes.parent_ends[PIPE_STDERR]);
}

TEST(StdioPipes, LeaveNothingWhenDescriptorsRunOut) {
  in_forked_process([] {
    const auto before = open_descriptors();
    for (rlim_t spare = 0; spare < 6; ++spare) {
      // Descriptors are given out from the lowest number: these are the free ones below the limit.
      rlimit limit;
      ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
      limit.rlim_cur = static_cast<rlim_t>(before.rbegin()->first) + 1 + spare;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      int status;
      {
        StdioPipes pipes;
        status = pipes.open(false);
      }
      limit.rlim_cur = limit.rlim_max;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      const rlim_t holes = static_cast<rlim_t>(before.rbegin()->first) + 1 - before.size();
      EXPECT_EQ(status, holes + spare < 6 ? -EMFILE : 0) << spare << " to spare and " << holes << " holes";
      EXPECT_EQ(open_descriptors(), before);
    }
  });
}

TEST(StdioPipes, AreNeverTheHostsOwnThreeWhicheverOfThoseAreClosed) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    in_forked_process([closed] {
      close_stdio(closed);
      StdioPipes pipes;
      if (pipes.open(false) != 0) ::_exit(2);  // not by gtest, which prints to 1
      for (int number = 0; number < 3; ++number) {
        if (pipes.parent_ends[number].get() < 3 || pipes.child_ends[number].get() < 3) ::_exit(3);
      }
      if (!closed_stdio_is(closed)) ::_exit(4);
    });
  }
}

}  // namespace
}  // namespace pipe_core
