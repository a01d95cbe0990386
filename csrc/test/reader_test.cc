#include "reader.h"

#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <thread>

#include "reader_and_child.h"

namespace pipe_core {
namespace {

TEST_F(ReaderTest, GivesAtOnceWhatIsThere) {
  child_writes("one\ntwo");
  EXPECT_EQ(read(kLine), (Told{PIPE_OK, "one"}));
  EXPECT_EQ(read(any(100)), (Told{PIPE_OK, "two"}));
  child_closes();
  EXPECT_EQ(read(any(100)), (Told{PIPE_CLOSED, ""}));
  EXPECT_EQ(read(kAll), (Told{PIPE_OK, ""}));
}

TEST_F(ReaderTest, ReadsNothingBeforeSomebodyAsks) {
  child_writes("waiting");
  loop_->run(false);
  EXPECT_EQ(unread(), 7);
}

TEST_F(ReaderTest, ArmsNothingUntilItIsStartedButKeepsOthersOff) {
  EXPECT_EQ(try_read(kLine), PIPE_AGAIN);
  EXPECT_EQ(try_read(kAll), PIPE_BUSY);
  EXPECT_EQ(loop_->timeout(), -1);
  reader_->cancel();
  EXPECT_EQ(try_read(kAll), PIPE_AGAIN);
}

TEST_F(ReaderTest, ShutDownBetweenTryAndStartIsAborted) {
  ASSERT_EQ(try_read(kLine), PIPE_AGAIN);
  reader_->shutdown();
  ASSERT_EQ(reader_->start(7, 0), 0);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_ABORTED, ""}));
}

TEST_F(ReaderTest, WaitsForWhatIsMissing) {
  child_writes("on");
  wait_for(kLine, 7);
  loop_->run(false);
  EXPECT_EQ(loop_->next_finished(), 0U);
  child_writes("e\ntw");
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "one"}));
  child_closes();
  EXPECT_EQ(read(kLine), (Told{PIPE_CLOSED, "tw"}));
}

// However fast somebody writes: here the kernel always has more.
TEST_F(ReaderTest, LeavesItsTurnToOthersAfterAMebibyte) {
  RunningLoop loop(size_t{8} << 20);
  Reader reader(*loop, UniqueFd(::open("/dev/zero", O_RDONLY | O_CLOEXEC)), kFirstBufferSize);
  pipe_slice slice;
  EXPECT_EQ(reader.read(kAll, &slice), PIPE_AGAIN);
  reader.cancel();
  EXPECT_EQ(reader.read(bytes(size_t{1} << 20), &slice), PIPE_OK) << "what has come is there";
  reader.take();
  EXPECT_EQ(reader.read(bytes(size_t{8} << 20), &slice), PIPE_AGAIN);
  reader.cancel();
}

TEST_F(ReaderTest, LeavesInTheStreamWhatWasShownButNotTaken) {
  child_writes("abc");
  pipe_slice slice;
  ASSERT_EQ(reader_->read(bytes(2), &slice), PIPE_OK);
  EXPECT_EQ(std::string(slice.data, slice.size), "ab");
  EXPECT_EQ(reader_->read(bytes(3), &slice), PIPE_BUSY);
  reader_->cancel();
  EXPECT_EQ(read(bytes(3)), (Told{PIPE_OK, "abc"}));
}

TEST_F(ReaderTest, HasOneWaiterAtATime) {
  wait_for(kLine, 7);
  EXPECT_EQ(try_read(kLine), PIPE_BUSY);
  EXPECT_EQ(reader_->start(8, 0), PIPE_BUSY);
  child_writes("x\n");
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(try_read(kLine), PIPE_BUSY);  // until it is fetched
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "x"}));
}

TEST_F(ReaderTest, ConsumesNothingWhenItIsCancelledBeforeOrAfterItsEnd) {
  child_writes("ab");
  wait_for(bytes(3), 7);
  reader_->cancel();
  wait_for(bytes(3), 8);
  child_writes("cd");
  while (loop_->timeout() != 0) loop_->run(true);
  reader_->cancel();
  EXPECT_EQ(loop_->next_finished(), 0U);
  EXPECT_EQ(read(bytes(4)), (Told{PIPE_OK, "abcd"}));
}

TEST_F(ReaderTest, ShowsWhatHadComeAtATimeoutAndGoesOnAfterIt) {
  child_writes("par");
  wait_for(kLine, 7, 1);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_TIMEOUT, "par"}));
  child_writes("tial\n");
  EXPECT_EQ(read(kLine), (Told{PIPE_OK, "tial"}));
}

TEST_F(ReaderTest, AbortsItsWaiterWithWhatHadComeWhenItIsShutDown) {
  child_writes("par");
  wait_for(kLine, 7);
  reader_->shutdown();
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_ABORTED, "par"}));
  EXPECT_EQ(read(kAll), (Told{PIPE_CLOSED, ""}));
  reader_->shutdown();
}

TEST_F(ReaderTest, ShutDownForgetsWhatItHasAndClosesThePipe) {
  child_writes("abc");
  EXPECT_EQ(read(bytes(1)), (Told{PIPE_OK, "a"}));
  reader_->shutdown();
  EXPECT_EQ(reader_->fd(), -1);
  EXPECT_EQ(read(bytes(1)), (Told{PIPE_CLOSED, ""}));
  pollfd dead = {child_end_.get(), POLLOUT, 0};
  ASSERT_EQ(::poll(&dead, 1, 0), 1);
  EXPECT_NE(dead.revents & POLLERR, 0);
}

TEST_F(ReaderTest, KeepsShownBytesValidUntilTheyAreTakenAlsoWhenItIsShutDownMeanwhile) {
  const std::string text(1000, 'x');
  child_writes(text);
  pipe_slice slice;
  ASSERT_EQ(reader_->read(bytes(1000), &slice), PIPE_OK);
  reader_->shutdown();
  EXPECT_TRUE(std::string(slice.data, slice.size) == text);
  reader_->take();
  EXPECT_EQ(read(kAll), (Told{PIPE_CLOSED, ""}));
}

TEST_F(ReaderTest, TakesNothingThatWasNotShown) {
  child_writes("abc");
  reader_->take();
  ASSERT_EQ(try_read(bytes(4)), PIPE_AGAIN);
  reader_->take();
  reader_->cancel();
  EXPECT_EQ(read(bytes(3)), (Told{PIPE_OK, "abc"}));
}

TEST_F(ReaderTest, TakesNothingAfterItsEndedReadWasCancelled) {
  wait_for(bytes(2), 7);
  child_writes("abc");
  ASSERT_EQ(loop_.next_token(), 7U);
  reader_->cancel();
  reader_->take();
  EXPECT_EQ(try_read(bytes(3)), PIPE_OK);
}

TEST_F(ReaderTest, AskedForAResultTooEarlyShowsNothingAndGoesOn) {
  child_writes("ab");
  pipe_slice slice;
  EXPECT_EQ(reader_->result(&slice), UV_EINVAL);
  EXPECT_EQ(slice.data, nullptr);
  wait_for(bytes(3), 7);
  EXPECT_EQ(reader_->result(&slice), UV_EINVAL);
  EXPECT_EQ(slice.data, nullptr);
  child_writes("c");
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "abc"}));
}

TEST_F(ReaderTest, GivesEndOfFileWhenTheChildClosesBeforeAWholeLine) {
  wait_for(kLine, 7);
  child_writes("no line end");
  child_closes();
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_CLOSED, "no line end"}));
  EXPECT_EQ(reader_->fd(), -1);
}

TEST_F(ReaderTest, AtItsEndClosesOnlyWhenNothingCanComeAnyMore) {
  child_writes("x");
  reader_->close_if_at_end(0);
  EXPECT_GE(reader_->fd(), 0);
  child_closes();
  reader_->close_if_at_end(POLLHUP | POLLIN);  // bytes are still in the pipe
  EXPECT_EQ(read(bytes(1)), (Told{PIPE_OK, "x"}));
  reader_->close_if_at_end(POLLHUP);
  EXPECT_EQ(reader_->fd(), -1);
  EXPECT_EQ(read(kAll), (Told{PIPE_OK, ""}));
}

TEST_F(ReaderTest, LeavesItsEndToTheOneWhoWaits) {
  wait_for(kAll, 7);
  child_closes();
  reader_->close_if_at_end(POLLHUP);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, ""}));
}

TEST_F(ReaderTest, GivesOthersTheirTurnWhileAFloodComes) {
  const std::string flood(size_t{8} << 20, 'x');
  std::thread child([this, &flood] {
    for (size_t at = 0; at < flood.size();) {
      const ssize_t size = ::write(child_end_.get(), flood.data() + at, flood.size() - at);
      if (size > 0) at += static_cast<size_t>(size);
    }
    child_closes();
  });
  const Told all = read(kAll);
  child.join();
  EXPECT_EQ(all.outcome, PIPE_OK);
  EXPECT_EQ(all.bytes.size(), flood.size());
  EXPECT_TRUE(all.bytes == flood);
}

struct SmallResults : ReaderTest {
  SmallResults() : ReaderTest(8) {}
};

TEST_F(SmallResults, LeaveTheDataWhenItIsTooMuch) {
  child_writes("123456789\nab\n");
  EXPECT_EQ(read(kLine), (Told{PIPE_TOO_MUCH, ""}));
  EXPECT_EQ(read(kAll), (Told{PIPE_TOO_MUCH, ""}));
  EXPECT_EQ(read(bytes(9)), (Told{PIPE_TOO_MUCH, ""}));
  EXPECT_EQ(read(any(100)), (Told{PIPE_OK, "12345678"}));
  EXPECT_EQ(read(kLine), (Told{PIPE_OK, "9"}));
  EXPECT_EQ(read(kLine), (Told{PIPE_OK, "ab"}));
}

TEST_F(SmallResults, AreToldToTheOneWhoWaits) {
  wait_for(kLine, 7);
  child_writes("123456789");
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_TOO_MUCH, ""}));
  EXPECT_EQ(read(bytes(8)), (Told{PIPE_OK, "12345678"}));
}

}  // namespace
}  // namespace pipe_core
