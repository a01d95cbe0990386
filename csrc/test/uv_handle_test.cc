#include "uv_handle.h"

#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utility>

#include "descriptors.h"
#include "forked.h"
#include "unique_fd.h"

namespace pipe_core {
namespace {

using TimerHandle = UvHandle<uv_timer_t>;
using PollHandle = UvHandle<uv_poll_t>;

class UvHandleTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(uv_loop_init(&loop_), 0);
    state_.generation = ForkGuard::generation();
    loop_.data = &state_;
  }
  // Fails with UV_EBUSY while a handle is left in the loop.
  void TearDown() override {
    turn();
    EXPECT_EQ(uv_loop_close(&loop_), 0);
  }
  void turn() { uv_run(&loop_, UV_RUN_NOWAIT); }
  int open(TimerHandle& handle, void* owner = nullptr) {
    return handle.open(owner, [this](uv_timer_t* timer) { return uv_timer_init(&loop_, timer); });
  }

  // How many handles libuv has been told to close and still needs the memory of.
  size_t closing() {
    size_t count = 0;
    const auto add = [](uv_handle_t* handle, void* sum) {
      *static_cast<size_t*>(sum) += uv_is_closing(handle) ? 1 : 0;
    };
    uv_walk(&loop_, add, &count);
    return count;
  }

  LoopState state_;
  uv_loop_t loop_ = {};
};

TEST_F(UvHandleTest, OwnsNothingAtFirst) {
  TimerHandle handle;
  EXPECT_FALSE(handle);
  EXPECT_EQ(handle.get(), nullptr);
  handle.reset();
  EXPECT_EQ(closing(), 0U);
}

TEST_F(UvHandleTest, TellsTheCallbackItsOwner) {
  int owner = 0;
  TimerHandle handle;
  ASSERT_EQ(open(handle, &owner), 0);
  EXPECT_TRUE(handle);
  uv_timer_start(
      handle.get(), [](uv_timer_t* timer) { ++*static_cast<int*>(timer->data); }, 0, 0);
  turn();
  EXPECT_EQ(owner, 1);
}

TEST_F(UvHandleTest, KeepsItsMemoryUntilLibuvHasClosedIt) {
  TimerHandle handle;
  ASSERT_EQ(open(handle), 0);
  handle.reset();
  EXPECT_FALSE(handle);
  EXPECT_EQ(closing(), 1U);
  turn();
  EXPECT_EQ(closing(), 0U);
}

TEST_F(UvHandleTest, ClosesWithItsScope) {
  {
    TimerHandle handle;
    ASSERT_EQ(open(handle), 0);
  }
  EXPECT_EQ(closing(), 1U);
}

TEST_F(UvHandleTest, OpenedAgainClosesTheFormerOne) {
  TimerHandle handle;
  ASSERT_EQ(open(handle), 0);
  const uv_timer_t* former = handle.get();
  ASSERT_EQ(open(handle), 0);
  EXPECT_NE(handle.get(), former);
  EXPECT_EQ(closing(), 1U);
}

TEST_F(UvHandleTest, Moves) {
  TimerHandle from;
  ASSERT_EQ(open(from), 0);
  const uv_timer_t* moved = from.get();
  TimerHandle to(std::move(from));
  EXPECT_FALSE(from);  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(to.get(), moved);
  EXPECT_EQ(closing(), 0U);
  TimerHandle replaced;
  ASSERT_EQ(open(replaced), 0);
  replaced = std::move(to);
  EXPECT_EQ(replaced.get(), moved);
  EXPECT_EQ(closing(), 1U);
  TimerHandle& same = replaced;
  replaced = std::move(same);
  EXPECT_EQ(replaced.get(), moved);
}

TEST_F(UvHandleTest, PassesOnWhatLibuvRefusesAndStaysAsItIs) {
  PollHandle handle;
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC));
  ASSERT_EQ(handle.open(nullptr, [&](uv_poll_t* poll) { return uv_poll_init(&loop_, poll, event.get()); }), 0);
  const uv_poll_t* before = handle.get();
  EXPECT_EQ(handle.open(nullptr, [&](uv_poll_t* poll) { return uv_poll_init(&loop_, poll, -1); }), UV_EBADF);
  EXPECT_EQ(handle.get(), before);
  EXPECT_EQ(closing(), 0U);
  handle.reset();
}

TEST_F(UvHandleTest, InAForkedChildTakesNothingOutOfTheParentsEpollSet) {
  const UniqueFd event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  bool seen = false;
  PollHandle handle;
  ASSERT_EQ(handle.open(&seen, [&](uv_poll_t* poll) { return uv_poll_init(&loop_, poll, event.get()); }), 0);
  uv_poll_start(handle.get(), UV_READABLE, [](uv_poll_t* poll, int, int) {
    *static_cast<bool*>(poll->data) = true;
    uv_poll_stop(poll);
  });
  turn();  // libuv hands the watch to the kernel
  in_forked_process([&] {
    handle.reset();
    EXPECT_FALSE(handle);
  });
  ASSERT_EQ(::eventfd_write(event.get(), 1), 0);
  uv_run(&loop_, UV_RUN_DEFAULT);
  EXPECT_TRUE(seen);
}

}  // namespace
}  // namespace pipe_core
