#include "operation.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <memory>

#include "descriptors.h"
#include "running_loop.h"

namespace pipe_core {
namespace {

constexpr double kNoTimeout = Operation::kNoTimeout;

TEST(Operation, IsIdleWaitingFinishedAndIdleAgain) {
  RunningLoop loop;
  Operation operation(*loop);
  EXPECT_FALSE(operation.busy());
  EXPECT_EQ(operation.start(7, kNoTimeout), 0);
  EXPECT_TRUE(operation.busy());
  EXPECT_TRUE(operation.waiting());
  operation.finish(PIPE_CLOSED);
  EXPECT_TRUE(operation.busy());
  EXPECT_FALSE(operation.waiting());
  EXPECT_EQ(loop->next_finished(), 7U);
  EXPECT_TRUE(operation.busy());
  EXPECT_EQ(operation.take_outcome(), PIPE_CLOSED);
  EXPECT_FALSE(operation.busy());
  EXPECT_EQ(operation.start(8, kNoTimeout), 0);
}

TEST(Operation, GivesItsTokenOnce) {
  RunningLoop loop;
  Operation operation(*loop);
  ASSERT_EQ(operation.start(7, kNoTimeout), 0);
  EXPECT_EQ(loop->next_finished(), 0U);
  operation.finish(PIPE_OK);
  EXPECT_EQ(loop->next_finished(), 7U);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Operation, RefusesTheTokenThatMeansNone) {
  RunningLoop loop;
  Operation operation(*loop);
  EXPECT_EQ(operation.start(0, kNoTimeout), UV_EINVAL);
  EXPECT_FALSE(operation.busy());
}

TEST(Operation, RefusesASecondStart) {
  RunningLoop loop;
  Operation operation(*loop);
  ASSERT_EQ(operation.start(7, kNoTimeout), 0);
  EXPECT_EQ(operation.start(8, kNoTimeout), UV_EINVAL);
  operation.finish(PIPE_OK);
  EXPECT_EQ(operation.start(9, kNoTimeout), UV_EINVAL);
  EXPECT_EQ(loop->next_finished(), 7U);
}

TEST(Operation, EndsOnceAndKeepsItsFirstOutcome) {
  RunningLoop loop;
  Operation operation(*loop);
  operation.finish(PIPE_OK);
  EXPECT_EQ(loop->next_finished(), 0U);
  ASSERT_EQ(operation.start(7, kNoTimeout), 0);
  operation.finish(PIPE_ABORTED);
  operation.finish(PIPE_OK);
  EXPECT_EQ(loop->next_finished(), 7U);
  EXPECT_EQ(loop->next_finished(), 0U);
  EXPECT_EQ(operation.take_outcome(), PIPE_ABORTED);
}

TEST(Operation, RefusesToBeFetchedBeforeItsEnd) {
  RunningLoop loop;
  Operation operation(*loop);
  EXPECT_EQ(operation.take_outcome(), UV_EINVAL);
  ASSERT_EQ(operation.start(7, kNoTimeout), 0);
  EXPECT_EQ(operation.take_outcome(), UV_EINVAL);
  EXPECT_TRUE(operation.waiting());
}

TEST(Operation, FetchedBeforeItsTokenWasPulledLeavesNoToken) {
  RunningLoop loop;
  Operation operation(*loop);
  ASSERT_EQ(operation.start(7, kNoTimeout), 0);
  operation.finish(PIPE_OK);
  EXPECT_EQ(operation.take_outcome(), PIPE_OK);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Operation, CancelledWhileItWaitsNeverEnds) {
  RunningLoop loop;
  Operation cancelled(*loop);
  Operation other(*loop);
  ASSERT_EQ(cancelled.start(7, 0), 0);
  ASSERT_EQ(other.start(8, 1), 0);
  cancelled.cancel();
  EXPECT_FALSE(cancelled.busy());
  EXPECT_EQ(loop.next_token(), 8U);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Operation, CancelledAfterItsEndLeavesTheOthersInTheirOrder) {
  RunningLoop loop;
  Operation operations[3] = {Operation(*loop), Operation(*loop), Operation(*loop)};
  for (const uint32_t i : {0, 1, 2}) ASSERT_EQ(operations[i].start(10 + i, kNoTimeout), 0);
  for (Operation& operation : operations) operation.finish(PIPE_OK);
  operations[1].cancel();
  EXPECT_EQ(loop->next_finished(), 10U);
  EXPECT_EQ(loop->next_finished(), 12U);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Operation, DestroyedAfterItsEndLeavesTheQueue) {
  RunningLoop loop;
  auto operation = std::make_unique<Operation>(*loop);
  ASSERT_EQ(operation->start(7, kNoTimeout), 0);
  operation->finish(PIPE_OK);
  operation.reset();
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Operation, TokensComeInTheOrderOfTheEndsNotOfTheStarts) {
  RunningLoop loop;
  Operation operations[3] = {Operation(*loop), Operation(*loop), Operation(*loop)};
  for (const uint32_t i : {0, 1, 2}) ASSERT_EQ(operations[i].start(10 + i, kNoTimeout), 0);
  for (const uint32_t i : {1, 2, 0}) operations[i].finish(PIPE_OK);
  for (const uint32_t token : {11U, 12U, 10U}) EXPECT_EQ(loop->next_finished(), token);
}

TEST(Operation, TimesOut) {
  RunningLoop loop;
  Operation operation(*loop);
  ASSERT_EQ(operation.start(7, 1), 0);
  EXPECT_EQ(loop.next_token(), 7U);
  EXPECT_EQ(operation.take_outcome(), PIPE_TIMEOUT);
  ASSERT_EQ(operation.start(8, 1), 0);
  EXPECT_EQ(loop.next_token(), 8U);
}

TEST(Operation, EndsInTheNextTurnWithATimeoutOfNothing) {
  RunningLoop loop;
  Operation operation(*loop);
  ASSERT_EQ(operation.start(7, 0), 0);
  EXPECT_EQ(loop->next_finished(), 0U);
  loop->run(false);
  EXPECT_EQ(loop->next_finished(), 7U);
}

TEST(Operation, TimesOutInTheOrderOfTheTimeouts) {
  RunningLoop loop;
  Operation later(*loop);
  Operation sooner(*loop);
  ASSERT_EQ(later.start(7, 50), 0);
  ASSERT_EQ(sooner.start(8, 1), 0);
  EXPECT_EQ(loop.next_token(), 8U);
  EXPECT_EQ(loop.next_token(), 7U);
}

TEST(Operation, NeverTimesOutEarly) {
  using Clock = std::chrono::steady_clock;
  RunningLoop loop;
  Operation operation(*loop);
  for (int round = 0; round < 40; ++round) {
    for (const double ms : {0.001, 0.5, 1.0, 1.5, 2.999}) {
      const auto before = Clock::now();
      ASSERT_EQ(operation.start(7, ms), 0);
      ASSERT_EQ(loop.next_token(), 7U);
      const std::chrono::duration<double, std::milli> passed = Clock::now() - before;
      ASSERT_GE(passed.count(), ms);
      operation.cancel();
    }
  }
}

TEST(Operation, EndedInTimeForgetsItsTimeout) {
  RunningLoop loop;
  Operation operation(*loop);
  Operation marks_the_time(*loop);
  ASSERT_EQ(operation.start(7, 1), 0);
  operation.finish(PIPE_OK);
  EXPECT_EQ(loop.next_token(), 7U);
  EXPECT_EQ(operation.take_outcome(), PIPE_OK);
  ASSERT_EQ(operation.start(8, kNoTimeout), 0);
  ASSERT_EQ(marks_the_time.start(9, 5), 0);
  EXPECT_EQ(loop.next_token(), 9U);
  EXPECT_TRUE(operation.waiting());
}

TEST(Operation, TakesTimeoutsBeyondAllTime) {
  RunningLoop loop;
  Operation operation(*loop);
  Operation marks_the_time(*loop);
  for (const double ms : {4294967295.0, 1e15, 1e300, HUGE_VAL}) {
    ASSERT_EQ(operation.start(7, ms), 0);
    ASSERT_EQ(marks_the_time.start(9, 2), 0);
    EXPECT_EQ(loop.next_token(), 9U);
    EXPECT_TRUE(operation.waiting());
    EXPECT_GT(loop->timeout(), 1e9);
    operation.cancel();
    marks_the_time.cancel();
  }
}

}  // namespace
}  // namespace pipe_core
