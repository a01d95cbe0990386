#include "channel.h"

#include <gtest/gtest.h>

#include "descriptors.h"
#include "running_loop.h"

namespace pipe_core {
namespace {

// Waits for nothing but what the test says.
class FakeChannel final : public Channel {
 public:
  using Channel::Channel;
  int try_again() { return tried(PIPE_AGAIN); }
  int try_and_succeed() { return tried(PIPE_OK); }
  void finish(int outcome) { operation_.finish(outcome); }
  int take_outcome() { return operation_.take_outcome(); }
  bool busy() const { return operation_.busy(); }
  bool waiting() const { return operation_.waiting(); }

  int arm_status = 0;
  int armed = 0;

 private:
  int arm() override {
    ++armed;
    return arm_status;
  }
};

TEST(Channel, IsHeldFromATryThatHasToWaitToItsStart) {
  RunningLoop loop;
  FakeChannel channel(*loop);
  EXPECT_EQ(channel.try_again(), PIPE_AGAIN);
  EXPECT_TRUE(channel.busy());
  EXPECT_FALSE(channel.waiting());
  EXPECT_EQ(channel.armed, 0);
  EXPECT_EQ(channel.start(7, 0), 0);
  EXPECT_TRUE(channel.waiting());
  EXPECT_EQ(channel.armed, 1);
}

TEST(Channel, IsFreeAfterATryThatNeedNotWait) {
  RunningLoop loop;
  FakeChannel channel(*loop);
  EXPECT_EQ(channel.try_and_succeed(), PIPE_OK);
  EXPECT_FALSE(channel.busy());
}

TEST(Channel, IsFreeAgainWhenOneWalksAway) {
  RunningLoop loop;
  FakeChannel channel(*loop);
  channel.try_again();
  channel.cancel();
  EXPECT_FALSE(channel.busy());
  channel.finish(PIPE_OK);
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Channel, ThatEndedBetweenTryAndStartIsToldAtOnceWithoutArming) {
  RunningLoop loop;
  FakeChannel channel(*loop);
  channel.try_again();
  channel.finish(PIPE_ABORTED);
  channel.finish(PIPE_OK);
  EXPECT_EQ(loop->next_finished(), 0U) << "nobody has given a token yet";
  EXPECT_EQ(channel.start(7, 0), 0);
  EXPECT_EQ(channel.armed, 0);
  EXPECT_EQ(loop->next_finished(), 7U);
  EXPECT_EQ(channel.take_outcome(), PIPE_ABORTED);
  EXPECT_FALSE(channel.busy());
}

TEST(Channel, ThatEndedBetweenTryAndStartMayStillBeCancelled) {
  RunningLoop loop;
  FakeChannel channel(*loop);
  channel.try_again();
  channel.finish(PIPE_ABORTED);
  channel.cancel();
  EXPECT_FALSE(channel.busy());
  EXPECT_EQ(loop->next_finished(), 0U);
}

TEST(Channel, WhichWaitsOrHasEndedIsBusy) {
  RunningLoop loop;
  FakeChannel channel(*loop);
  channel.try_again();
  ASSERT_EQ(channel.start(7, 0), 0);
  EXPECT_EQ(channel.start(8, 0), PIPE_BUSY);
  channel.finish(PIPE_OK);
  EXPECT_EQ(channel.start(8, 0), PIPE_BUSY);
  EXPECT_EQ(loop->next_finished(), 7U);
  EXPECT_EQ(channel.start(8, 0), PIPE_BUSY);
  EXPECT_EQ(channel.take_outcome(), PIPE_OK);
  channel.try_again();
  EXPECT_EQ(channel.start(8, 0), 0);
  EXPECT_EQ(channel.armed, 2);
}

TEST(Channel, StartsNothingThatNobodyHasTried) {
  RunningLoop loop;
  FakeChannel channel(*loop);
  EXPECT_EQ(channel.start(7, 0), UV_EINVAL);
  channel.try_and_succeed();
  EXPECT_EQ(channel.start(7, 0), UV_EINVAL);
  channel.try_again();
  channel.cancel();
  EXPECT_EQ(channel.start(7, 0), UV_EINVAL);
  EXPECT_FALSE(channel.busy());
  EXPECT_EQ(channel.armed, 0);
}

TEST(Channel, ThatCannotBeArmedSaysWhyAndIsFree) {
  RunningLoop loop;
  FakeChannel channel(*loop);
  channel.arm_status = UV_ENOMEM;
  channel.try_again();
  EXPECT_EQ(channel.start(7, 1), UV_ENOMEM);
  EXPECT_FALSE(channel.busy());
  EXPECT_EQ(loop->timeout(), -1);
}

TEST(Channel, RefusesTheTokenThatMeansNoneAndIsFree) {
  RunningLoop loop;
  FakeChannel channel(*loop);
  for (const bool ended : {false, true}) {
    channel.try_again();
    if (ended) channel.finish(PIPE_OK);
    EXPECT_EQ(channel.start(0, 0), UV_EINVAL);
    EXPECT_FALSE(channel.busy());
  }
}

TEST(Channel, TimesOutUnlessTheTimeoutIsNone) {
  RunningLoop loop;
  FakeChannel patient(*loop);
  FakeChannel hasty(*loop);
  patient.try_again();
  hasty.try_again();
  ASSERT_EQ(patient.start(7, 0), 0);
  ASSERT_EQ(hasty.start(8, 1), 0);
  EXPECT_EQ(loop.next_token(), 8U);
  EXPECT_EQ(hasty.take_outcome(), PIPE_TIMEOUT);
  EXPECT_TRUE(patient.waiting());
}

}  // namespace
}  // namespace pipe_core
