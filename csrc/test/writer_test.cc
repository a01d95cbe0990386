#include "writer.h"

#include <gtest/gtest.h>
#include <termios.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "descriptors.h"
#include "joint.h"
#include "running_loop.h"
#include "terminal.h"

namespace pipe_core {
namespace {

// A writer, and the child's end of its pipe, in one process.
class WriterTest : public testing::Test {
 protected:
  WriterTest() {
    EXPECT_EQ(pipe_.open(0), 0);
    EXPECT_EQ(::fcntl(pipe_.writing_end.get(), F_SETFL, O_NONBLOCK), 0);
    child_end_ = std::move(pipe_.reading_end);
    writer_ = std::make_unique<Writer>(*loop_, std::move(pipe_.writing_end));
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
  Joint pipe_;
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

// However fast somebody reads: here the kernel takes all of it.
TEST_F(WriterTest, LeavesItsTurnToOthersAfterAMebibyte) {
  Writer writer(*loop_, UniqueFd(::open("/dev/null", O_WRONLY | O_CLOEXEC)));
  const std::string piece(size_t{64} << 10, 'x');
  const std::vector<pipe_slice> slices(100, {piece.data(), piece.size()});
  double written = 0;
  EXPECT_EQ(writer.write(slices.data(), slices.size(), &written), PIPE_AGAIN);
  EXPECT_GE(written, 1 << 20);
  EXPECT_LT(written, static_cast<double>(slices.size() * piece.size()));
  writer.cancel();
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

TEST_F(WriterTest, KnowsWhetherItIsAtTheStartOfALine) {
  EXPECT_TRUE(writer_->at_line_start());
  const std::pair<const char*, bool> writes[] = {
      {"a", false}, {"", false}, {"b\n", true}, {"", true}, {"\n\nc", false}};
  for (const auto& [bytes, at_start] : writes) {
    EXPECT_EQ(try_write(bytes).outcome, PIPE_OK);
    EXPECT_EQ(writer_->at_line_start(), at_start) << bytes;
  }
  const pipe_slice slices[] = {{"x", 1}, {"y\n", 2}, {"", 0}, {nullptr, 0}};
  double written;
  EXPECT_EQ(writer_->write(slices, 4, &written), PIPE_OK);
  EXPECT_TRUE(writer_->at_line_start());
}

TEST_F(WriterTest, KnowsWhetherItIsAtTheStartOfALineAlsoInTheMiddleOfASlice) {
  for (const bool ends_line : {true, false}) {
    // The last byte that the pipe takes, and all others.
    std::string much(size_t{1} << 20, ends_line ? 'x' : '\n');
    const auto room = static_cast<size_t>(::fcntl(child_end_.get(), F_GETPIPE_SZ));
    much[room - 1] = ends_line ? '\n' : 'x';
    ASSERT_EQ(try_write(much), (Written{PIPE_AGAIN, static_cast<double>(room)}));
    EXPECT_EQ(writer_->at_line_start(), ends_line);
    writer_->cancel();
    EXPECT_EQ(child_reads(room).size(), room);
  }
}

// The host's end of a terminal, which says no more of its end than that it has been hung up.
class TerminalWriterTest : public testing::Test {
 protected:
  TerminalWriterTest() {
    UniqueFd master;
    EXPECT_EQ(open_terminal(24, 80, &master, &terminal_), 0);
    termios settings;
    EXPECT_EQ(::tcgetattr(terminal_.get(), &settings), 0);
    ::cfmakeraw(&settings);
    EXPECT_EQ(::tcsetattr(terminal_.get(), TCSANOW, &settings), 0);
    writer_ = std::make_unique<Writer>(*loop_, std::move(master));
  }
  RunningLoop loop_;
  UniqueFd terminal_;
  std::unique_ptr<Writer> writer_;
};

TEST_F(TerminalWriterTest, WaitsForRoomAndLosesNothing) {
  const std::string much(size_t{1} << 20, 'x');
  size_t came = 0;
  std::thread child([&] {
    char bytes[4096];
    while (came < much.size()) {
      const ssize_t size = ::read(terminal_.get(), bytes, sizeof bytes);
      if (size <= 0) break;
      came += static_cast<size_t>(size);
    }
  });
  EXPECT_EQ(write(loop_, *writer_, much), (Written{PIPE_OK, static_cast<double>(much.size())}));
  child.join();
  EXPECT_EQ(came, much.size());
}

TEST_F(TerminalWriterTest, IsToldThatItIsClosedWhenThereIsNoRoomAndNobodyHasItOpen) {
  const std::string much(size_t{1} << 20, 'x');
  terminal_.reset();
  const Written written = write(loop_, *writer_, much);
  EXPECT_EQ(written.outcome, PIPE_CLOSED);
  EXPECT_LT(written.size, static_cast<double>(much.size()));
  EXPECT_EQ(writer_->fd(), -1);
}

TEST_F(TerminalWriterTest, TellsTheWaiterThatNobodyHasItOpenAnyMore) {
  const std::string much(size_t{1} << 20, 'x');
  const pipe_slice slice = {much.data(), much.size()};
  double written;
  ASSERT_EQ(writer_->write(&slice, 1, &written), PIPE_AGAIN);
  ASSERT_EQ(writer_->start(7, 0), 0);
  loop_->run(false);
  terminal_.reset();
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(writer_->result(&written), PIPE_CLOSED);
  EXPECT_EQ(writer_->fd(), -1);
}

TEST_F(TerminalWriterTest, AtTheChildsExitClosesOnlyWhenNobodyHasItOpen) {
  writer_->close_if_at_end(POLLOUT);
  EXPECT_GE(writer_->fd(), 0);
  terminal_.reset();
  pollfd end = {writer_->fd(), POLLOUT, 0};
  ASSERT_EQ(::poll(&end, 1, 0), 1);
  writer_->close_if_at_end(end.revents);
  EXPECT_EQ(writer_->fd(), -1);
}

}  // namespace
}  // namespace pipe_core
