#include "fd_watch.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>

#include <functional>

#include "descriptors.h"
#include "running_loop.h"
#include "unique_fd.h"

namespace pipe_core {
namespace {

// An event descriptor that somebody wants to read, for some time.
struct Watched {
  bool on_event() {
    ++events;
    then();
    return wanted;
  }
  void become_readable() const { ASSERT_EQ(::eventfd_write(event.get(), 1), 0); }

  RunningLoop loop;
  UniqueFd event = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  FdWatch watch = FdWatch(
      EPOLLIN, [](void* watched, uint32_t) { return static_cast<Watched*>(watched)->on_event(); }, this);
  int events = 0;
  bool wanted = true;
  std::function<void()> then = [] {};
};

TEST(FdWatch, TellsOfAnEventAgainAndAgainWhileItIsWanted) {
  Watched watched;
  ASSERT_EQ(watched.watch.arm(watched.loop->events(), watched.event.get()), 0);
  watched.loop->run(false);
  EXPECT_EQ(watched.events, 0);
  watched.become_readable();
  for (const int turns : {1, 2, 3}) {
    watched.loop->run(false);
    EXPECT_EQ(watched.events, turns);
  }
}

TEST(FdWatch, IsSilentOnceNobodyWantsItUntilItIsArmedAgain) {
  Watched watched;
  watched.wanted = false;
  ASSERT_EQ(watched.watch.arm(watched.loop->events(), watched.event.get()), 0);
  watched.become_readable();
  for (int turn = 0; turn < 3; ++turn) watched.loop->run(false);
  EXPECT_EQ(watched.events, 1);
  ASSERT_EQ(watched.watch.arm(watched.loop->events(), watched.event.get()), 0);
  watched.loop->run(false);
  EXPECT_EQ(watched.events, 2);
}

TEST(FdWatch, ArmedTwiceIsArmedOnce) {
  Watched watched;
  for (int i = 0; i < 3; ++i) ASSERT_EQ(watched.watch.arm(watched.loop->events(), watched.event.get()), 0);
  watched.become_readable();
  watched.loop->run(false);
  EXPECT_EQ(watched.events, 1);
}

TEST(FdWatch, MayBeClosedByTheEventItself) {
  Watched watched;
  watched.then = [&] { watched.watch.close(); };
  ASSERT_EQ(watched.watch.arm(watched.loop->events(), watched.event.get()), 0);
  watched.become_readable();
  for (int turn = 0; turn < 3; ++turn) watched.loop->run(false);
  EXPECT_EQ(watched.events, 1);
}

TEST(FdWatch, ClosedMayBeArmedAgain) {
  Watched watched;
  ASSERT_EQ(watched.watch.arm(watched.loop->events(), watched.event.get()), 0);
  watched.watch.close();
  watched.watch.close();
  ASSERT_EQ(watched.watch.arm(watched.loop->events(), watched.event.get()), 0);
  watched.become_readable();
  watched.loop->run(false);
  EXPECT_EQ(watched.events, 1);
}

TEST(FdWatch, SaysWhyADescriptorCannotBeWatched) {
  Watched watched;
  EXPECT_EQ(watched.watch.arm(watched.loop->events(), -1), UV_EBADF);
  const UniqueFd file(::open("/proc/self/stat", O_RDONLY | O_CLOEXEC));
  EXPECT_LT(watched.watch.arm(watched.loop->events(), file.get()), 0);
  EXPECT_EQ(watched.watch.arm(watched.loop->events(), watched.event.get()), 0);
}

TEST(FdWatch, TellsTheWriterThatItsReaderIsDead) {
  RunningLoop loop;
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
  UniqueFd read_end(ends[0]);
  const UniqueFd write_end(ends[1]);
  while (::write(write_end.get(), "x", 1) == 1) {
  }
  int events = 0;
  FdWatch watch(
      EPOLLOUT, [](void* count, uint32_t) { return ++*static_cast<int*>(count) < 3; }, &events);
  ASSERT_EQ(watch.arm(loop->events(), write_end.get()), 0);
  loop->run(false);
  EXPECT_EQ(events, 0);
  read_end.reset();
  for (int turn = 0; turn < 5; ++turn) loop->run(false);
  EXPECT_EQ(events, 3);
}

}  // namespace
}  // namespace pipe_core
