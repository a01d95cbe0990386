// What has been read from the kernel, and is lent to the host while nobody reads.
#include <string>
#include <vector>

#include "reader_and_child.h"

namespace pipe_core {
namespace {

class ReaderBufferedTest : public ReaderTest {
 protected:
  using ReaderTest::ReaderTest;

  std::string lent() {
    const pipe_buffered& buffered = *reader_->buffered();
    return {buffered.data == nullptr ? "" : buffered.data, static_cast<size_t>(buffered.size)};
  }
  void expect_nothing_lent() {
    EXPECT_EQ(reader_->buffered()->data, nullptr);
    EXPECT_EQ(reader_->buffered()->size, 0);
  }
  // As the host does it: without a call.
  void host_takes(const std::string& expected) {
    pipe_buffered& buffered = *reader_->buffered();
    ASSERT_LT(expected.size(), static_cast<size_t>(buffered.size));
    EXPECT_EQ(std::string(buffered.data, expected.size()), expected);
    buffered.data += expected.size();
    buffered.size -= static_cast<int32_t>(expected.size());
  }
  // Three lines; the first has been read, the others are lent.
  void child_has_written_three_lines() {
    child_writes("one\ntwo\nthree\n");
    ASSERT_EQ(read(kLine), (Told{PIPE_OK, "one"}));
    ASSERT_EQ(lent(), "two\nthree\n");
  }
};

TEST_F(ReaderBufferedTest, LendsNothingThatIsNotInItsBuffer) {
  expect_nothing_lent();
  child_writes("one\n");
  expect_nothing_lent();
  ASSERT_EQ(read(kLine), (Told{PIPE_OK, "one"}));
  expect_nothing_lent();
}

TEST_F(ReaderBufferedTest, LendsWhatATakenFrameHasLeft) {
  const pipe_buffered* buffered = reader_->buffered();
  child_has_written_three_lines();
  EXPECT_EQ(read(any(2)), (Told{PIPE_OK, "tw"}));
  EXPECT_EQ(lent(), "o\nthree\n");
  EXPECT_EQ(reader_->buffered(), buffered);
}

TEST_F(ReaderBufferedTest, LendsNothingWhileAFrameIsShownAndAllOfItWhenThatIsNotTaken) {
  child_has_written_three_lines();
  ASSERT_EQ(try_read(kLine), PIPE_OK);
  expect_nothing_lent();
  reader_->cancel();
  EXPECT_EQ(lent(), "two\nthree\n");
}

TEST_F(ReaderBufferedTest, LendsNothingWhileAReadIsHeldOrWaitsOrHasEndedUntilItsResultIsTaken) {
  child_has_written_three_lines();
  ASSERT_EQ(try_read(bytes(11)), PIPE_AGAIN);
  expect_nothing_lent();
  EXPECT_EQ(try_read(kLine), PIPE_BUSY);
  expect_nothing_lent();
  ASSERT_EQ(reader_->start(7, 0), 0);
  expect_nothing_lent();
  child_writes("four\nfive");
  EXPECT_EQ(loop_.next_token(), 7U);
  expect_nothing_lent();
  pipe_slice slice;
  ASSERT_EQ(reader_->result(&slice), PIPE_OK);
  expect_nothing_lent();
  reader_->take();
  EXPECT_EQ(lent(), "our\nfive");
}

TEST_F(ReaderBufferedTest, LendsAgainWhatAReadThatIsCancelledHasNotConsumed) {
  child_has_written_three_lines();
  for (const bool started : {false, true}) {
    ASSERT_EQ(try_read(kAll), PIPE_AGAIN);
    if (started) {
      ASSERT_EQ(reader_->start(7, 0), 0);
    }
    reader_->cancel();
    EXPECT_EQ(lent(), "two\nthree\n");
  }
}

TEST_F(ReaderBufferedTest, LendsNothingOfWhatATimeoutHasShown) {
  child_writes("part");
  wait_for(kLine, 7, 1);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_TIMEOUT, "part"}));
  expect_nothing_lent();
}

TEST_F(ReaderBufferedTest, LendsNothingAfterAShutdown) {
  child_has_written_three_lines();
  reader_->shutdown();
  expect_nothing_lent();
  reader_->cancel();
  expect_nothing_lent();
  EXPECT_EQ(read(kLine), (Told{PIPE_CLOSED, ""}));
}

TEST_F(ReaderBufferedTest, LendsNothingWhenItWasShutDownWhileAFrameWasShown) {
  child_has_written_three_lines();
  ASSERT_EQ(try_read(kLine), PIPE_OK);
  reader_->shutdown();
  reader_->take();
  expect_nothing_lent();
}

TEST_F(ReaderBufferedTest, LendsNothingOfWhatAnAbortedReadHasShown) {
  child_has_written_three_lines();
  wait_for(kAll, 7);
  reader_->shutdown();
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_ABORTED, "two\nthree\n"}));
  expect_nothing_lent();
}

TEST_F(ReaderBufferedTest, LendsOnWhenTheChildHasClosed) {
  child_has_written_three_lines();
  child_closes();
  reader_->close_if_at_end(POLLHUP);
  EXPECT_EQ(reader_->fd(), -1);
  host_takes("two\n");
  EXPECT_EQ(read(kAll), (Told{PIPE_OK, "three\n"}));
  expect_nothing_lent();
}

TEST_F(ReaderBufferedTest, EachReadGoesOnBehindWhatTheHostHasTaken) {
  struct Case {
    ReadRequest request;
    Told told;
  };
  const std::vector<Case> cases = {{kLine, {PIPE_OK, "three"}},       {bytes(3), {PIPE_OK, "thr"}},
                                   {any(100), {PIPE_OK, "three\n"}},  {poll_for(100), {PIPE_OK, "three\n"}},
                                   {bytes(7), {PIPE_OK, "three\nf"}}, {kAll, {PIPE_OK, "three\nfour\n"}}};
  for (const Case& expected : cases) {
    SCOPED_TRACE(expected.request.mode);
    child_has_written_three_lines();
    host_takes("two\n");
    // Behind what is buffered, for those that want more.
    const bool wants_more = expected.told.bytes.size() > 6;
    if (wants_more) child_writes("four\n");
    if (expected.request.mode == PIPE_READ_ALL) child_closes();
    EXPECT_EQ(read(expected.request), expected.told);
    if (reader_->fd() >= 0) {
      while (try_read(poll_for(100)) == PIPE_OK) reader_->take();
    }
  }
}

TEST_F(ReaderBufferedTest, TheHostsLastByteIsLeftAndLineEndsAreFoundBehindIt) {
  child_writes("one\ntwo\nthr");
  ASSERT_EQ(read(kLine), (Told{PIPE_OK, "one"}));
  host_takes("two\nth");
  child_writes("ee\nfour\n");
  EXPECT_EQ(read(kLine), (Told{PIPE_OK, "ree"}));
  EXPECT_EQ(lent(), "four\n");
}

TEST_F(ReaderBufferedTest, AWaitThatIsCancelledOrTimesOutGivesNothingBackThatTheHostHasTaken) {
  child_has_written_three_lines();
  host_takes("two\n");
  ASSERT_EQ(try_read(bytes(100)), PIPE_AGAIN);
  reader_->cancel();
  EXPECT_EQ(lent(), "three\n");
  host_takes("thr");
  wait_for(bytes(100), 7, 1);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_TIMEOUT, "ee\n"}));
}

TEST_F(ReaderBufferedTest, CountsItsLoans) {
  child_has_written_three_lines();
  const uint32_t loans = reader_->buffered()->loans;
  EXPECT_GT(loans, 0U);
  host_takes("two\n");
  EXPECT_EQ(reader_->buffered()->loans, loans);
  EXPECT_EQ(read(bytes(1)), (Told{PIPE_OK, "t"}));
  EXPECT_EQ(reader_->buffered()->loans, loans + 1);
  ASSERT_EQ(try_read(kAll), PIPE_AGAIN);
  reader_->cancel();
  EXPECT_EQ(reader_->buffered()->loans, loans + 2);
}

TEST_F(ReaderBufferedTest, LeavesItsMemoryToTheNextReaderThatNeedsSome) {
  SpareBlock& spare = loop_->spare_block();
  child_writes("one\ntwo\n");
  ASSERT_EQ(read(kLine), (Told{PIPE_OK, "one"}));
  EXPECT_EQ(spare.memory, nullptr);
  ASSERT_EQ(read(kLine), (Told{PIPE_OK, "two"}));
  const char* left = spare.memory.get();
  EXPECT_NE(left, nullptr);
  child_writes("three\n");
  pipe_slice slice;
  ASSERT_EQ(reader_->read(kLine, &slice), PIPE_OK);
  EXPECT_EQ(slice.data, left);
  reader_->take();
  EXPECT_EQ(spare.memory.get(), left);
}

struct SmallBufferedResults : ReaderBufferedTest {
  SmallBufferedResults() : ReaderBufferedTest(8) {}
};

TEST_F(SmallBufferedResults, LendWhatIsTooMuchForOne) {
  child_writes("123456789\nab\n");
  EXPECT_EQ(read(kLine), (Told{PIPE_TOO_MUCH, ""}));
  EXPECT_EQ(lent(), "123456789\nab\n");
  host_takes("1");
  EXPECT_EQ(read(kLine), (Told{PIPE_OK, "23456789"}));
}

class ReaderPollTest : public ReaderTest {};

TEST_F(ReaderPollTest, GivesWhatIsThereUpToTheLength) {
  child_writes("abcde");
  EXPECT_EQ(read(poll_for(3)), (Told{PIPE_OK, "abc"}));
  EXPECT_EQ(read(poll_for(3)), (Told{PIPE_OK, "de"}));
  child_writes("f");
  child_closes();
  EXPECT_EQ(read(poll_for(3)), (Told{PIPE_OK, "f"}));
  EXPECT_EQ(read(poll_for(3)), (Told{PIPE_CLOSED, ""}));
}

TEST_F(ReaderPollTest, HoldsNothingWhereThereIsNothing) {
  EXPECT_EQ(try_read(poll_for(3)), PIPE_AGAIN);
  EXPECT_EQ(try_read(poll_for(3)), PIPE_AGAIN);
  wait_for(kLine, 7);
  child_writes("line\n");
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "line"}));
}

TEST_F(ReaderPollTest, LeavesAWaitOfSomebodyElseAlone) {
  child_writes("part");
  ASSERT_EQ(try_read(kLine), PIPE_AGAIN);
  EXPECT_EQ(try_read(poll_for(3)), PIPE_BUSY);  // held
  ASSERT_EQ(reader_->start(7, 0), 0);
  EXPECT_EQ(try_read(poll_for(3)), PIPE_BUSY);  // waiting
  child_writes("ial\nx");
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(try_read(poll_for(3)), PIPE_BUSY);  // ended
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "partial"}));
  EXPECT_EQ(read(poll_for(3)), (Told{PIPE_OK, "x"}));
}

TEST_F(ReaderPollTest, FindsAShutDownStreamClosed) {
  child_writes("abc");
  reader_->shutdown();
  EXPECT_EQ(read(poll_for(3)), (Told{PIPE_CLOSED, ""}));
}

TEST_F(ReaderTest, ACancelOfNothingGivesNothingBackThatTheHostHasTaken) {
  child_writes("one\ntwo\nthree\n");
  ASSERT_EQ(read(kLine), (Told{PIPE_OK, "one"}));
  pipe_buffered& lent = *reader_->buffered();
  lent.data += 4;  // the host takes "two\n"
  lent.size -= 4;
  reader_->cancel();
  EXPECT_EQ(read(kLine), (Told{PIPE_OK, "three"}));
}
}  // namespace
}  // namespace pipe_core
