// How often the reader asks the kernel: for what answers a write, and inside a wait.
#include <sys/syscall.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "reader_and_child.h"

namespace {

int reads_of_the_kernel = 0;

}  // namespace

extern "C" ssize_t read(int fd, void* room, size_t size) {
  ++reads_of_the_kernel;
  return ::syscall(SYS_read, fd, room, size);
}

namespace pipe_core {
namespace {

class ReaderAnswerTest : public ReaderTest {
 protected:
  // All that the child has said has been read, and it has been written to.
  void child_has_been_asked() {
    ASSERT_EQ(try_read(any(100)), PIPE_AGAIN);
    reader_->cancel();
    reader_->expect_answer();
  }
  // The loop's next turn, and how many read(2) it took.
  int reads_in_a_turn() {
    const int before = reads_of_the_kernel;
    loop_->run(false);
    return reads_of_the_kernel - before;
  }
};

TEST_F(ReaderAnswerTest, AReadForAnAnswerWaitsWithoutALookAndGetsWhatHasComeMeanwhile) {
  for (const ReadRequest& request : {kLine, bytes(3), any(100)}) {
    child_has_been_asked();
    child_writes("yes\n");
    const int before = reads_of_the_kernel;
    wait_for(request, 7);
    EXPECT_EQ(reads_of_the_kernel, before);
    EXPECT_EQ(loop_.next_token(), 7U);
    EXPECT_EQ(reads_of_the_kernel, before + 1);
    EXPECT_EQ(result_of(*reader_).bytes.substr(0, 3), "yes");
    while (try_read(poll_for(100)) == PIPE_OK) reader_->take();
  }
}

TEST_F(ReaderAnswerTest, AnAnswerThatIsThereIsNotMissedByTheShortestTimeout) {
  child_has_been_asked();
  child_writes("yes\n");
  wait_for(kLine, 7, 1);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "yes"}));
}

TEST_F(ReaderAnswerTest, LooksAgainOnceTheAnswerHasCome) {
  child_has_been_asked();
  wait_for(kLine, 7);
  child_writes("yes\n");
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "yes"}));
  child_writes("more\n");
  EXPECT_EQ(try_read(kLine), PIPE_OK);
}

TEST_F(ReaderAnswerTest, LooksAgainWhenTheReadForItWasCancelled) {
  for (const bool started : {false, true}) {
    child_has_been_asked();
    ASSERT_EQ(try_read(kLine), PIPE_AGAIN);
    child_writes("yes\n");
    if (started) {
      ASSERT_EQ(reader_->start(7, 0), 0);
    }
    reader_->cancel();
    ASSERT_EQ(try_read(kLine), PIPE_OK);
    reader_->take();
  }
}

TEST_F(ReaderAnswerTest, LooksAgainWhenNoAnswerIsExpectedAnyMore) {
  child_has_been_asked();
  child_writes("yes\n");
  reader_->expect_no_answer();
  EXPECT_EQ(try_read(kLine), PIPE_OK);
}

TEST_F(ReaderAnswerTest, TheFirstReadLooksUnlessAnAnswerIsExpected) {
  child_writes("ready\n");
  EXPECT_EQ(try_read(kLine), PIPE_OK);
}

TEST_F(ReaderAnswerTest, TheFirstReadOfAChildThatHasJustBeenStartedWaitsWithoutALook) {
  reader_->expect_answer();
  child_writes("ready\n");
  const int before = reads_of_the_kernel;
  wait_for(kLine, 7);
  EXPECT_EQ(reads_of_the_kernel, before);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "ready"}));
}

TEST_F(ReaderAnswerTest, AReadLooksWhenTheLastOneGotAllThatItCouldTake) {
  child_writes(std::string(2 * kFirstBufferSize, 'x'));
  ASSERT_EQ(read(bytes(kFirstBufferSize)).outcome, PIPE_OK);
  ASSERT_EQ(unread(), static_cast<int>(kFirstBufferSize));
  reader_->expect_answer();
  EXPECT_EQ(try_read(bytes(kFirstBufferSize)), PIPE_OK);
}

TEST_F(ReaderAnswerTest, WhatIsBufferedIsGivenAtOnce) {
  child_writes("one\ntwo\nthree");
  ASSERT_EQ(read(kLine), (Told{PIPE_OK, "one"}));
  reader_->expect_answer();
  child_writes("\n");
  EXPECT_EQ(read(bytes(1)), (Told{PIPE_OK, "t"}));
  EXPECT_EQ(try_read(kLine), PIPE_OK);
  reader_->take();
  EXPECT_EQ(try_read(any(100)), PIPE_OK);
  reader_->take();
  EXPECT_EQ(unread(), 1);
}

TEST_F(ReaderAnswerTest, APollLooksAndSoDoesTheReadAfterIt) {
  child_has_been_asked();
  child_writes("yes");
  EXPECT_EQ(read(poll_for(100)), (Told{PIPE_OK, "yes"}));
  child_has_been_asked();
  EXPECT_EQ(try_read(poll_for(100)), PIPE_AGAIN);
  child_writes("yes");
  EXPECT_EQ(try_read(any(100)), PIPE_OK);
}

TEST_F(ReaderAnswerTest, AHangUpInsteadOfAnAnswerIsNotMissed) {
  child_has_been_asked();
  child_writes("last");
  child_closes();
  wait_for(kLine, 7);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_CLOSED, "last"}));
  reader_->expect_answer();
  EXPECT_EQ(read(kAll), (Told{PIPE_OK, ""}));
}

TEST_F(ReaderAnswerTest, AnEndThatWasSeenAtTheExitIsToldAtOnce) {
  child_has_been_asked();
  child_closes();
  reader_->close_if_at_end(POLLHUP);
  EXPECT_EQ(try_read(kLine), PIPE_CLOSED);
}

TEST_F(ReaderAnswerTest, InsideAWaitAShortReadIsTheLastOneOfItsTurn) {
  wait_for(bytes(6), 7);
  for (const char* piece : {"ab", "cd"}) {
    child_writes(piece);
    EXPECT_EQ(reads_in_a_turn(), 1);
    EXPECT_EQ(loop_->next_finished(), 0U);
    EXPECT_EQ(unread(), 0);
  }
  child_writes("efgh");
  EXPECT_EQ(reads_in_a_turn(), 1);
  EXPECT_EQ(loop_->next_finished(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "abcdef"}));
  EXPECT_EQ(read(any(10)), (Told{PIPE_OK, "gh"}));
}

TEST_F(ReaderAnswerTest, InsideAWaitAFullReadIsFollowedByAnotherInTheSameTurn) {
  const std::string line(10 * kFirstBufferSize, 'x');
  wait_for(kLine, 7);
  child_writes(line + "\n");
  EXPECT_GT(reads_in_a_turn(), 1);
  EXPECT_EQ(loop_->next_finished(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, line}));
}

TEST_F(ReaderAnswerTest, BytesAndTheEndOfFileThatComeTogetherEndAWaitInOneTurn) {
  wait_for(kAll, 7);
  child_writes("some");
  EXPECT_EQ(reads_in_a_turn(), 1);
  child_writes(" last");
  child_closes();
  EXPECT_EQ(reads_in_a_turn(), 2);
  EXPECT_EQ(loop_->next_finished(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "some last"}));
}

TEST_F(ReaderAnswerTest, AnEndOfFileBehindAShortReadIsFoundInTheNextTurn) {
  wait_for(kAll, 7);
  child_writes("all");
  loop_->run(false);
  child_closes();
  loop_->run(false);
  EXPECT_EQ(loop_->next_finished(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "all"}));
}

}  // namespace
}  // namespace pipe_core
