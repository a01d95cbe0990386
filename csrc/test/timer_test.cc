#include "timer.h"

#include <gtest/gtest.h>

#include "descriptors.h"
#include "running_loop.h"

namespace pipe_core {
namespace {

struct TimersTest : testing::Test {
  int start(double ms, uint32_t token) { return loop->timers().start(*loop, ms, token); }
  void stop(uint32_t token) { loop->timers().stop(token); }
  RunningLoop loop;
};

TEST_F(TimersTest, EndWithTheirTokens) {
  ASSERT_EQ(start(1, 7), 0);
  EXPECT_EQ(loop.next_token(), 7U);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST_F(TimersTest, OfNothingEndInTheNextTurn) {
  ASSERT_EQ(start(0, 7), 0);
  EXPECT_EQ(loop->next_finished(), 0U);
  loop->run(false);
  EXPECT_EQ(loop->next_finished(), 7U);
}

TEST_F(TimersTest, EndInTheOrderInWhichTheyAreDue) {
  const double delays[] = {30, 10, 20, 0};
  for (uint32_t i = 0; i < 4; ++i) ASSERT_EQ(start(delays[i], i + 1), 0);
  for (const uint32_t token : {4U, 2U, 3U, 1U}) EXPECT_EQ(loop.next_token(), token);
}

TEST_F(TimersTest, StoppedBeforeTheirTimeNeverEnd) {
  ASSERT_EQ(start(0, 7), 0);
  ASSERT_EQ(start(1, 8), 0);
  stop(7);
  stop(7);
  EXPECT_EQ(loop.next_token(), 8U);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST_F(TimersTest, StoppedAfterTheirEndTakeTheirTokensAlong) {
  ASSERT_EQ(start(0, 7), 0);
  loop->run(false);
  stop(7);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST_F(TimersTest, GiveTheirTokensBackWhenTheseHaveBeenFetched) {
  ASSERT_EQ(start(1e9, 7), 0);
  EXPECT_EQ(start(1, 7), UV_EEXIST);
  stop(7);
  for (int times = 0; times < 3; ++times) {
    ASSERT_EQ(start(0, 7), 0);
    EXPECT_EQ(loop.next_token(), 7U);
  }
}

TEST_F(TimersTest, StayWhenAnOperationWithTheSameTokenEnds) {
  Operation operation(*loop);
  ASSERT_EQ(operation.start(7, Operation::kNoTimeout), 0);
  ASSERT_EQ(start(1, 7), 0);
  operation.finish(0);
  EXPECT_EQ(loop->next_finished(), 7U);
  EXPECT_EQ(loop.next_token(), 7U);
}

TEST_F(TimersTest, EndWithTheirLoop) { EXPECT_EQ(start(1e9, 7), 0); }

TEST_F(TimersTest, RefuseTheTokenThatMeansNone) {
  EXPECT_EQ(start(1, 0), UV_EINVAL);
  EXPECT_EQ(loop->timeout(), -1);
}

}  // namespace
}  // namespace pipe_core
