#include "joint.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "descriptors.h"
#include "forked.h"
#include "pipe.h"

namespace pipe_core {
namespace {

int capacity_of(const Joint& joint) { return ::fcntl(joint.reading_end.get(), F_GETPIPE_SZ); }

void expect_joined(const Joint& from, const Joint& to) {
  char byte = 0;
  ASSERT_EQ(::write(from.writing_end.get(), "j", 1), 1);
  ASSERT_EQ(::read(to.reading_end.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'j');
}

TEST(Joint, IsAPipeWhoseEndsBlockAndAreNotInherited) {
  Joint joint;
  ASSERT_EQ(joint.open(0), 0);
  expect_joined(joint, joint);
  for (const UniqueFd* end : {&joint.reading_end, &joint.writing_end}) {
    EXPECT_EQ(::fcntl(end->get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::fcntl(end->get(), F_GETFL) & O_NONBLOCK, 0);
  }
}

TEST(Joint, HasTheCapacityThatWasWished) {
  Joint joint;
  ASSERT_EQ(joint.open(0), 0);
  const int usual = capacity_of(joint);
  for (const int wished : {usual / 4, usual * 2}) {
    Joint other;
    ASSERT_EQ(other.open(static_cast<size_t>(wished)), 0);
    EXPECT_EQ(capacity_of(other), wished);
  }
}

TEST(Joint, KeepsTheUsualCapacityWhereTheKernelRefusesTheWish) {
  Joint joint;
  ASSERT_EQ(joint.open(0), 0);
  for (const size_t wished : {size_t{1} << 31, ~size_t{0}}) {
    Joint other;
    ASSERT_EQ(other.open(wished), 0);
    EXPECT_EQ(capacity_of(other), capacity_of(joint));
  }
}

TEST(Joint, CopiedIsTheSamePipeInDescriptorsOfItsOwn) {
  Joint joint;
  ASSERT_EQ(joint.open(0), 0);
  Joint copy;
  ASSERT_EQ(copy.copy(joint), 0);
  EXPECT_NE(copy.reading_end.get(), joint.reading_end.get());
  EXPECT_NE(copy.writing_end.get(), joint.writing_end.get());
  EXPECT_EQ(::fcntl(copy.reading_end.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(copy.writing_end.get(), F_GETFD), FD_CLOEXEC);
  expect_joined(joint, copy);
  expect_joined(copy, joint);
  joint = Joint();
  expect_joined(copy, copy);
}

TEST(Joint, OfAFileBlocksIsNotInheritedAndHasNoReadingEnd) {
  constexpr int kExpected[] = {O_RDONLY, O_WRONLY, O_WRONLY | O_APPEND};
  for (const int access : {PIPE_ACCESS_READ, PIPE_ACCESS_WRITE, PIPE_ACCESS_APPEND}) {
    Joint file;
    ASSERT_EQ(file.open_file("/dev/null", access), 0);
    EXPECT_FALSE(file.reading_end);
    EXPECT_EQ(::fcntl(file.writing_end.get(), F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::fcntl(file.writing_end.get(), F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK), kExpected[access]);
    EXPECT_EQ(Joint().copy(file), -EBADF);
  }
}

TEST(Joint, OfAFifoThatNobodyReadsIsRefused) {
  char folder[] = "/tmp/joint_test.XXXXXX";
  ASSERT_NE(::mkdtemp(folder), nullptr);
  const std::string fifo = std::string(folder) + "/fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_EQ(Joint().open_file(fifo.c_str(), PIPE_ACCESS_WRITE), -ENXIO);
  const UniqueFd reader(::open(fifo.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  Joint file;
  EXPECT_EQ(file.open_file(fifo.c_str(), PIPE_ACCESS_WRITE), 0);
  EXPECT_EQ(::fcntl(file.writing_end.get(), F_GETFL) & O_NONBLOCK, 0);
  ::unlink(fifo.c_str());
  ::rmdir(folder);
}

TEST(Joint, IsNeverTheHostsOwnThreeNorIsItsCopyNorAFile) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    in_forked_process([closed] {
      close_stdio(closed);
      Joint joint;
      Joint copy;
      if (joint.open(0) != 0 || copy.copy(joint) != 0) ::_exit(2);  // not by gtest, which prints to 1
      for (const Joint* each : {&joint, &copy}) {
        if (each->reading_end.get() < 3 || each->writing_end.get() < 3) ::_exit(3);
      }
      Joint file;
      if (file.open_file("/dev/null", PIPE_ACCESS_WRITE) != 0 || file.writing_end.get() < 3) ::_exit(5);
      if (!closed_stdio_is(closed)) ::_exit(4);
    });
  }
}

TEST(Joint, AndItsCopyLeaveNothingWhenDescriptorsRunOut) {
  in_forked_process([] {
    const auto before = open_descriptors();
    const auto end = static_cast<rlim_t>(before.rbegin()->first) + 1;
    const rlim_t holes = end - before.size();
    rlimit limit;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (rlim_t spare = 0; spare <= 4; ++spare) {
      const rlimit few = {end + spare, limit.rlim_max};
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
      int opened;
      int copied = -EMFILE;
      {
        Joint joint;
        Joint copy;
        opened = joint.open(0);
        if (opened == 0) copied = copy.copy(joint);
      }
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      EXPECT_EQ(opened, holes + spare < 2 ? -EMFILE : 0) << spare << " to spare and " << holes << " holes";
      EXPECT_EQ(copied, holes + spare < 4 ? -EMFILE : 0) << spare << " to spare and " << holes << " holes";
      EXPECT_EQ(open_descriptors(), before);
    }
  });
}

// Whichever of the ends of the pipe falls onto 0, 1 or 2: moving it up may fail.
TEST(Joint, ThatCannotBeMovedAwayFromTheHostsThreeLeavesNothing) {
  for (unsigned closed = 1; closed < 8; ++closed) {
    in_forked_process([closed] {
      for (int fd = 3; fd < 1024; ++fd) ::close(fd);
      close_stdio(closed);
      rlimit few = {};
      if (::getrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(2);
      for (rlim_t end = 4; end < 6; ++end) {
        few.rlim_cur = end;
        if (::setrlimit(RLIMIT_NOFILE, &few) != 0) ::_exit(2);
        Joint joint;
        const int status = joint.open(0);
        if (status != (end < 5 ? -EMFILE : 0)) ::_exit(3);
        joint = Joint();
        if (!closed_stdio_is(closed)) ::_exit(4);
        for (int fd = 3; fd < 6; ++fd) {
          if (is_open(fd)) ::_exit(5);
        }
      }
    });
  }
}

}  // namespace
}  // namespace pipe_core
