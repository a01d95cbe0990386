#include "program_paths.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

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

}  // namespace
}  // namespace pipe_core
