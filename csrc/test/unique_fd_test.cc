#include "unique_fd.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <utility>

#include "descriptors.h"
#include "forked.h"

namespace pipe_core {
namespace {

int fresh() { return ::eventfd(0, EFD_CLOEXEC); }

TEST(UniqueFd, OwnsNothingAtFirst) {
  const UniqueFd fd;
  EXPECT_EQ(fd.get(), -1);
  EXPECT_FALSE(fd);
}

TEST(UniqueFd, ClosesWithItsScope) {
  const int number = fresh();
  {
    const UniqueFd fd(number);
    EXPECT_TRUE(fd);
    EXPECT_TRUE(is_open(number));
  }
  EXPECT_FALSE(is_open(number));
}

TEST(UniqueFd, MovesItsDescriptor) {
  const int number = fresh();
  UniqueFd from(number);
  UniqueFd to(std::move(from));
  EXPECT_EQ(from.get(), -1);  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(to.get(), number);
  UniqueFd assigned(fresh());
  const int replaced = assigned.get();
  assigned = std::move(to);
  EXPECT_EQ(assigned.get(), number);
  EXPECT_FALSE(is_open(replaced));
  EXPECT_TRUE(is_open(number));
}

TEST(UniqueFd, SurvivesBeingMovedOntoItself) {
  UniqueFd fd(fresh());
  UniqueFd& same = fd;
  fd = std::move(same);
  EXPECT_TRUE(is_open(fd.get()));
}

TEST(UniqueFd, ReleasesWithoutClosing) {
  UniqueFd fd(fresh());
  const UniqueFd other(fd.release());
  EXPECT_FALSE(fd);
  EXPECT_TRUE(is_open(other.get()));
}

TEST(UniqueFd, LeavesADescriptorAboveStdioWhereItIs) {
  UniqueFd fd(fresh());
  const int number = fd.get();
  EXPECT_EQ(fd.move_above_stdio(), 0);
  EXPECT_EQ(fd.get(), number);
  UniqueFd none;
  EXPECT_EQ(none.move_above_stdio(), 0);
  EXPECT_FALSE(none);
}

TEST(UniqueFd, MovesAboveStdioAndFreesTheNumber) {
  for (const int number : {0, 1, 2}) {
    in_forked_process([number] {
      const UniqueFd event(fresh());
      const UniqueFd stays(::dup(number));  // gtest prints to 1; it gets it back below
      ASSERT_EQ(::dup2(event.get(), number), number);
      UniqueFd fd(number);
      const int status = fd.move_above_stdio();
      const bool freed = !is_open(number);
      ASSERT_EQ(::dup2(stays.get(), number), number);
      EXPECT_EQ(status, 0);
      EXPECT_GT(fd.get(), 2);
      EXPECT_TRUE(freed);
      EXPECT_EQ(::fcntl(fd.get(), F_GETFD), FD_CLOEXEC);
    });
  }
}

TEST(UniqueFd, OwnsNothingWhenThereIsNoNumberLeftAboveStdio) {
  in_forked_process([] {
    rlimit none;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &none), 0);
    none.rlim_cur = 3;
    const UniqueFd stays(::dup(STDIN_FILENO));
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
    UniqueFd fd(STDIN_FILENO);
    // EINVAL, not EMFILE: that is what F_DUPFD says when its lower bound is beyond the limit.
    EXPECT_LT(fd.move_above_stdio(), 0);
    EXPECT_FALSE(fd);
    EXPECT_FALSE(is_open(STDIN_FILENO));
  });
}

}  // namespace
}  // namespace pipe_core
