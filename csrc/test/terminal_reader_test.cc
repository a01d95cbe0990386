// The host's end of a terminal: once nobody has it open, the kernel says EIO.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "reader.h"
#include "running_loop.h"
#include "terminal.h"

namespace {

// What happens inside the next read(2), between the kernel's look for bytes and its look for who has the terminal open.
std::function<void()> within_next_read;

}  // namespace

extern "C" ssize_t read(int fd, void* room, size_t size) {
  const ssize_t count = ::syscall(SYS_read, fd, room, size);
  if (!within_next_read || count >= 0) return count;
  std::exchange(within_next_read, nullptr)();
  errno = EIO;
  return -1;
}

namespace pipe_core {
namespace {

constexpr ReadRequest kAll = {PIPE_READ_ALL, 0};
constexpr ReadRequest kLine = {PIPE_READ_LINE, 0};

class TerminalReaderTest : public testing::Test {
 protected:
  TerminalReaderTest() {
    UniqueFd master;
    EXPECT_EQ(open_terminal(24, 80, &master, &terminal_), 0);
    reader_ = std::make_unique<Reader>(*loop_, std::move(master), 16);
  }
  void child_writes(const std::string& text) {
    ASSERT_EQ(::write(terminal_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  RunningLoop loop_;
  UniqueFd terminal_;
  std::unique_ptr<Reader> reader_;
};

TEST_F(TerminalReaderTest, GivesEndOfFileAfterTheLastByteWhenNobodyHasItOpen) {
  child_writes("one\ntwo");
  terminal_.reset();
  EXPECT_EQ(read(loop_, *reader_, kLine), (Told{PIPE_OK, "one"}));
  EXPECT_EQ(read(loop_, *reader_, kLine), (Told{PIPE_CLOSED, "two"}));
  EXPECT_EQ(reader_->fd(), -1);
  EXPECT_EQ(read(loop_, *reader_, kAll), (Told{PIPE_OK, ""}));
}

TEST_F(TerminalReaderTest, TellsTheOneWhoWaits) {
  pipe_slice slice;
  ASSERT_EQ(reader_->read(kAll, &slice), PIPE_AGAIN);
  ASSERT_EQ(reader_->start(7, 0), 0);
  child_writes("last");
  loop_->run(false);
  terminal_.reset();
  EXPECT_EQ(loop_.next_token(), 7U);
  EXPECT_EQ(result_of(*reader_), (Told{PIPE_OK, "last"}));
}

TEST_F(TerminalReaderTest, IsNotClosedAtTheChildsExitWhileSomethingIsToBeRead) {
  const auto events = [this] {
    pollfd end = {reader_->fd(), POLLIN, 0};
    return ::poll(&end, 1, 0) == 1 ? end.revents : static_cast<short>(0);
  };
  child_writes("x");
  reader_->close_if_at_end(events());
  terminal_.reset();
  reader_->close_if_at_end(events());
  EXPECT_EQ(read(loop_, *reader_, {PIPE_READ_BYTES, 1}), (Told{PIPE_OK, "x"}));
  reader_->close_if_at_end(events());
  EXPECT_EQ(reader_->fd(), -1);
}

TEST_F(TerminalReaderTest, LosesNothingOfWhatIsWrittenAndClosedWhileItReads) {
  within_next_read = [this] {
    child_writes("last");
    terminal_.reset();
  };
  EXPECT_EQ(read(loop_, *reader_, kAll), (Told{PIPE_OK, "last"}));
}

}  // namespace
}  // namespace pipe_core
