#include "writer.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "descriptors.h"
#include "running_loop.h"
#include "spawn_plan.h"

namespace pipe_core {
namespace {

// A writer, and the child's end of its pipe, in one process.
class WriterTest : public testing::Test {
 protected:
  WriterTest() {
    EXPECT_EQ(pipes_.open(false), 0);
    child_end_ = std::move(pipes_.child_ends[PIPE_STDIN]);
    writer_ = std::make_unique<Writer>(*loop_, std::move(pipes_.parent_ends[PIPE_STDIN]));
  }
  std::string child_reads(size_t size) {
    std::string bytes(size, '\0');
    size_t came = 0;
    while (came < size) {
      const ssize_t count = ::read(child_end_.get(), bytes.data() + came, size - came);
      if (count <= 0) break;
      came += static_cast<size_t>(count);
    }
    bytes.resize(came);
    return bytes;
  }
  Written try_write(const std::string& bytes) {
    slice_ = {bytes.data(), bytes.size()};
    Written written;
    written.outcome = writer_->write(&slice_, 1, &written.size);
    return written;
  }
  Written result() {
    Written written;
    written.outcome = writer_->result(&written.size);
    return written;
  }
  Written write(const std::string& bytes) { return pipe_core::write(loop_, *writer_, bytes); }
  // More than the pipe holds, so that the writer waits; returns how much is in.
  size_t fill_and_wait(const std::string& much, uint32_t token, uint32_t timeout_ms = 0) {
    const Written written = try_write(much);
    EXPECT_EQ(written.outcome, PIPE_AGAIN);
    EXPECT_EQ(writer_->start(token, timeout_ms), 0);
    return static_cast<size_t>(written.size);
  }

  RunningLoop loop_;
  StdioPipes pipes_;
  UniqueFd child_end_;
  std::unique_ptr<Writer> writer_;
  pipe_slice slice_ = {};
};

TEST_F(WriterTest, WritesAtOnceWhatThePipeTakes) {
  EXPECT_EQ(try_write("hello"), (Written{PIPE_OK, 5}));
  EXPECT_EQ(child_reads(5), "hello");
  EXPECT_EQ(loop_->timeout(), -1);
}

TEST_F(WriterTest, WritesSlicesInTheirOrderAndStepsOverEmptyOnes) {
  const pipe_slice slices[] = {{"", 0}, {"one", 3}, {"", 0}, {nullptr, 0}, {"two", 3}, {"", 0}};
  double written;
  EXPECT_EQ(writer_->write(slices, 6, &written), PIPE_OK);
  EXPECT_EQ(written, 6);
  EXPECT_EQ(child_reads(6), "onetwo");
}

TEST_F(WriterTest, WritesNothingSuccessfully) {
  double written = 99;
  EXPECT_EQ(writer_->write(nullptr, 0, &written), PIPE_OK);
  EXPECT_EQ(written, 0);
  EXPECT_EQ(try_write(""), (Written{PIPE_OK, 0}));
}

TEST_F(WriterTest, WritesMoreSlicesThanOneCallOfTheKernelTakes) {
  std::vector<pipe_slice> slices;
  std::string expected;
  static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
  for (size_t i = 0; i < 3000; ++i) {
    slices.push_back({letters + i % 26, i % 26 % 3});
    expected.append(slices.back().data, slices.back().size);
  }
  double written;
  EXPECT_EQ(writer_->write(slices.data(), slices.size(), &written), PIPE_OK);
  EXPECT_EQ(written, static_cast<double>(expected.size()));
  EXPECT_EQ(child_reads(expected.size()), expected);
}

TEST_F(WriterTest, WaitsForTheRestAndLosesNothing) {
  std::string much(size_t{5} << 20, '\0');
  for (size_t i = 0; i < much.size(); ++i) much[i] = static_cast<char>(i * 31 >> 3);
  std::string came;
  std::thread child([&] { came = child_reads(much.size()); });
  EXPECT_EQ(write(much), (Written{PIPE_OK, static_cast<double>(much.size())}));
  child.join();
  EXPECT_TRUE(came == much);
}

TEST_F(WriterTest, WaitsAlsoInTheMiddleOfManySlices) {
  const std::string piece(50000, 'x');
  const pipe_slice slices[] = {{piece.data(), piece.size()}, {"-", 1}, {piece.data(), piece.size()}, {"+", 1}};
  double written;
  ASSERT_EQ(writer_->write(slices, 4, &written), PIPE_AGAIN);
  EXPECT_GT(written, 0);
  EXPECT_LT(written, 100002);
  ASSERT_EQ(writer_->start(7, 0), 0);
  std::string came;
  std::thread child([&] { came = child_reads(100002); });
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result(), (Written{PIPE_OK, 100002}));
  child.join();
  EXPECT_TRUE(came == piece + "-" + piece + "+");
}

TEST_F(WriterTest, HasOneWaiterAtATime) {
  const std::string much(size_t{1} << 20, 'x');
  fill_and_wait(much, 7);
  double written = 99;
  const pipe_slice other = {"x", 1};
  EXPECT_EQ(writer_->write(&other, 1, &written), PIPE_BUSY);
  EXPECT_EQ(written, 0);
  EXPECT_EQ(writer_->start(8, 0), PIPE_BUSY);
}

TEST_F(WriterTest, TellsAtATimeoutHowMuchIsInThePipe) {
  const std::string much(size_t{1} << 20, 'x');
  const size_t in = fill_and_wait(much, 7, 1);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result(), (Written{PIPE_TIMEOUT, static_cast<double>(in)}));
  EXPECT_EQ(child_reads(in).size(), in);
  EXPECT_EQ(try_write("again"), (Written{PIPE_OK, 5}));
  EXPECT_EQ(child_reads(5), "again");
}

TEST_F(WriterTest, ForgetsTheHostsMemoryWhenItIsCancelled) {
  {
    const std::string much(size_t{1} << 20, 'x');
    const size_t in = fill_and_wait(much, 7);
    writer_->cancel();
    EXPECT_EQ(child_reads(in).size(), in);
  }
  for (int turn = 0; turn < 3; ++turn) loop_->run(false);  // a sanitizer would see it read
  EXPECT_EQ(loop_->next_finished(), 0U);
  EXPECT_EQ(try_write("next"), (Written{PIPE_OK, 4}));
  EXPECT_EQ(child_reads(4), "next");
}

TEST_F(WriterTest, AbortsItsWaiterAndTellsHowMuchIsInWhenItIsShutDown) {
  const std::string much(size_t{1} << 20, 'x');
  const size_t in = fill_and_wait(much, 7);
  writer_->shutdown();
  writer_->shutdown();
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result(), (Written{PIPE_ABORTED, static_cast<double>(in)}));
  EXPECT_EQ(child_reads(in + 1).size(), in);  // and then end of file
  EXPECT_EQ(try_write("x"), (Written{PIPE_CLOSED, 0}));
}

TEST_F(WriterTest, ShutDownBetweenTryAndStartIsAborted) {
  const std::string much(size_t{1} << 20, 'x');
  const Written in = try_write(much);
  ASSERT_EQ(in.outcome, PIPE_AGAIN);
  EXPECT_EQ(try_write("x"), (Written{PIPE_BUSY, 0}));
  writer_->shutdown();
  ASSERT_EQ(writer_->start(7, 0), 0);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result(), (Written{PIPE_ABORTED, in.size}));
}

TEST_F(WriterTest, SaysClosedOfADeadReaderAndClosesThePipe) {
  child_end_.reset();
  EXPECT_EQ(try_write("x"), (Written{PIPE_CLOSED, 0}));
  EXPECT_EQ(writer_->fd(), -1);
  EXPECT_EQ(try_write("x"), (Written{PIPE_CLOSED, 0}));
}

TEST_F(WriterTest, TellsTheWaiterThatTheReaderDied) {
  const std::string much(size_t{1} << 20, 'x');
  const size_t in = fill_and_wait(much, 7);
  loop_->run(false);
  child_end_.reset();
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result(), (Written{PIPE_CLOSED, static_cast<double>(in)}));
  EXPECT_EQ(writer_->fd(), -1);
}

TEST_F(WriterTest, AtTheChildsExitClosesOnlyWhenNobodyCanRead) {
  writer_->close_if_at_end(POLLOUT);
  EXPECT_GE(writer_->fd(), 0);
  child_end_.reset();
  writer_->close_if_at_end(POLLOUT | POLLERR);
  EXPECT_EQ(writer_->fd(), -1);
}

TEST_F(WriterTest, LeavesTheEndToTheOneWhoWaits) {
  const std::string much(size_t{1} << 20, 'x');
  const size_t in = fill_and_wait(much, 7);
  child_end_.reset();
  writer_->close_if_at_end(POLLERR);
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result(), (Written{PIPE_CLOSED, static_cast<double>(in)}));
}

}  // namespace
}  // namespace pipe_core
