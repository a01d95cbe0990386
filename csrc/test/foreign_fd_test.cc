#include "foreign_fd.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "descriptors.h"
#include "forked.h"
#include "sandbox.h"

namespace pipe_core {
namespace {

// Stands for libuv's own epoll set.
struct Backend {
  Backend() {
    epoll_event event = {};
    event.events = EPOLLIN;
    ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, source.get(), &event);
  }
  UniqueFd source = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  UniqueFd epoll = UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
};

bool is_readable(int fd, int ms = 0) {
  pollfd readable = {fd, POLLIN, 0};
  return ::poll(&readable, 1, ms) == 1;
}

// Opened, and past the wake that it begins with.
struct Quiet : Backend {
  Quiet() {
    fd = foreign.open(epoll.get());
    foreign.clear_wake();
  }
  ForeignFd foreign;
  int fd;
};

TEST(ForeignFd, IsClosedAtFirstAndBearsEverything) {
  ForeignFd foreign;
  EXPECT_FALSE(foreign.is_open());
  foreign.wake();
  foreign.clear_wake();
  foreign.set_timer(1);
  foreign.close();
  EXPECT_FALSE(foreign.is_open());
}

TEST(ForeignFd, IsOneDescriptorForItsWholeLife) {
  const Backend backend;
  ForeignFd foreign;
  const int fd = foreign.open(backend.epoll.get());
  EXPECT_GT(fd, 2);
  EXPECT_TRUE(foreign.is_open());
  EXPECT_EQ(foreign.open(backend.epoll.get()), fd);
  EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
  foreign.close();
  EXPECT_FALSE(foreign.is_open());
  EXPECT_EQ(::fcntl(fd, F_GETFD), -1);
}

TEST(ForeignFd, BeginsReadableForWhatWasStartedBefore) {
  const Backend backend;
  ForeignFd foreign;
  EXPECT_TRUE(is_readable(foreign.open(backend.epoll.get())));
  foreign.clear_wake();
  EXPECT_FALSE(is_readable(foreign.open(backend.epoll.get())));
}

TEST(ForeignFd, IsReadableWhileTheBackendIs) {
  Quiet quiet;
  EXPECT_FALSE(is_readable(quiet.fd));
  ASSERT_EQ(::eventfd_write(quiet.source.get(), 1), 0);
  EXPECT_TRUE(is_readable(quiet.fd));
  quiet.foreign.clear_wake();
  EXPECT_TRUE(is_readable(quiet.fd));
  eventfd_t count;
  ASSERT_EQ(::eventfd_read(quiet.source.get(), &count), 0);
  EXPECT_FALSE(is_readable(quiet.fd));
}

TEST(ForeignFd, IsReadableFromAWakeToTheNextTurn) {
  Quiet quiet;
  quiet.foreign.wake();
  quiet.foreign.wake();
  EXPECT_TRUE(is_readable(quiet.fd));
  quiet.foreign.clear_wake();
  EXPECT_FALSE(is_readable(quiet.fd));
  quiet.foreign.clear_wake();
}

TEST(ForeignFd, BecomesReadableWhenTheTimerIsDue) {
  Quiet quiet;
  quiet.foreign.set_timer(1);
  EXPECT_TRUE(is_readable(quiet.fd, -1));
  quiet.foreign.set_timer(-1);
  EXPECT_FALSE(is_readable(quiet.fd));
}

TEST(ForeignFd, CountsSecondsAndMillisecondsOfADistantTimer) {
  Quiet quiet;
  for (const int ms : {59999, 60000, 60001, 2147483647}) {
    quiet.foreign.set_timer(ms);
    EXPECT_FALSE(is_readable(quiet.fd)) << ms;
  }
  quiet.foreign.set_timer(1);
  EXPECT_TRUE(is_readable(quiet.fd, -1));
}

TEST(ForeignFd, IsReadableAtOnceForATimerThatIsDueNow) {
  Quiet quiet;
  quiet.foreign.set_timer(0);
  EXPECT_TRUE(is_readable(quiet.fd));
  quiet.foreign.clear_wake();
  EXPECT_FALSE(is_readable(quiet.fd));
}

TEST(ForeignFd, IsReadableAtOnceForATimerThatCannotBeSet) {
  in_forked_process([] {
    Quiet quiet;
    refuse_system_call(SYS_timerfd_settime, EPERM);
    quiet.foreign.set_timer(1000000);
    EXPECT_TRUE(is_readable(quiet.fd));
  });
}

TEST(ForeignFd, NestsInAnEpollSet) {
  Quiet quiet;
  const UniqueFd outer(::epoll_create1(EPOLL_CLOEXEC));
  epoll_event event = {};
  event.events = EPOLLIN;
  ASSERT_EQ(::epoll_ctl(outer.get(), EPOLL_CTL_ADD, quiet.fd, &event), 0);
  EXPECT_EQ(::epoll_wait(outer.get(), &event, 1, 0), 0);
  ASSERT_EQ(::eventfd_write(quiet.source.get(), 1), 0);
  EXPECT_EQ(::epoll_wait(outer.get(), &event, 1, -1), 1);
}

TEST(ForeignFd, LeavesNothingOpenWhenDescriptorsRunOut) {
  const Backend backend;
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const auto descriptors = open_descriptors();
  const auto top = static_cast<rlim_t>(descriptors.rbegin()->first);
  const rlim_t holes = top + 1 - descriptors.size();
  for (rlim_t spare = 0; spare < 3; ++spare) {
    if (holes + spare >= 3) break;
    ForeignFd foreign;
    const rlimit limit = {top + 1 + spare, before.rlim_max};
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    const int status = foreign.open(backend.epoll.get());
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    EXPECT_EQ(status, -EMFILE);
    EXPECT_FALSE(foreign.is_open());
    EXPECT_EQ(open_descriptors(), descriptors);
    EXPECT_GT(foreign.open(backend.epoll.get()), 2);
  }
}

}  // namespace
}  // namespace pipe_core
