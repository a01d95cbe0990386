#include "timer.h"

#include <gtest/gtest.h>

#include <memory>

#include "descriptors.h"
#include "running_loop.h"

namespace pipe_core {
namespace {

TEST(Timer, EndsWithItsToken) {
  RunningLoop loop;
  Timer timer(*loop);
  ASSERT_EQ(timer.start(1, 7), 0);
  EXPECT_EQ(loop.next_token(), 7U);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Timer, OfNothingEndsInTheNextTurn) {
  RunningLoop loop;
  Timer timer(*loop);
  ASSERT_EQ(timer.start(0, 7), 0);
  EXPECT_EQ(loop->next_finished(), 0U);
  loop->run(false);
  EXPECT_EQ(loop->next_finished(), 7U);
}

TEST(Timer, ManyEndInTheOrderInWhichTheyAreDue) {
  RunningLoop loop;
  std::unique_ptr<Timer> timers[4];
  const double delays[] = {30, 10, 20, 0};
  for (uint32_t i = 0; i < 4; ++i) {
    timers[i] = std::make_unique<Timer>(*loop);
    ASSERT_EQ(timers[i]->start(delays[i], i + 1), 0);
  }
  for (const uint32_t token : {4U, 2U, 3U, 1U}) EXPECT_EQ(loop.next_token(), token);
}

TEST(Timer, FreedBeforeItsTimeNeverEnds) {
  RunningLoop loop;
  auto freed = std::make_unique<Timer>(*loop);
  Timer other(*loop);
  ASSERT_EQ(freed->start(0, 7), 0);
  ASSERT_EQ(other.start(1, 8), 0);
  freed.reset();
  EXPECT_EQ(loop.next_token(), 8U);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Timer, FreedAfterItsEndTakesItsTokenAlong) {
  RunningLoop loop;
  auto timer = std::make_unique<Timer>(*loop);
  ASSERT_EQ(timer->start(0, 7), 0);
  loop->run(false);
  timer.reset();
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Timer, KeepsItsLoopAlive) {
  RunningLoop loop;
  auto timer = std::make_unique<Timer>(*loop);
  Loop& alive = *loop;
  ASSERT_EQ(timer->start(1, 7), 0);
  loop.close();
  while (alive.next_finished() != 7) alive.run(true);
  timer.reset();
}

TEST(Timer, RefusesTheTokenThatMeansNone) {
  RunningLoop loop;
  Timer timer(*loop);
  EXPECT_EQ(timer.start(1, 0), UV_EINVAL);
}

}  // namespace
}  // namespace pipe_core
