// A reader, and the child's end of its pipe, in one process.
#ifndef READER_AND_CHILD_H_
#define READER_AND_CHILD_H_

#include <gtest/gtest.h>
#include <sys/ioctl.h>

#include <memory>
#include <string>
#include <utility>

#include "descriptors.h"
#include "joint.h"
#include "running_loop.h"

namespace pipe_core {

constexpr ReadRequest kAll = {PIPE_READ_ALL, 0};
constexpr ReadRequest kLine = {PIPE_READ_LINE, 0};
constexpr ReadRequest bytes(size_t length) { return {PIPE_READ_BYTES, length}; }
constexpr ReadRequest any(size_t length) { return {PIPE_READ_ANY, length}; }
constexpr ReadRequest poll_for(size_t length) { return {PIPE_READ_POLL, length}; }

class ReaderTest : public testing::Test {
 protected:
  static constexpr size_t kFirstBufferSize = 16;

  explicit ReaderTest(size_t max_result = RunningLoop::kMaxResult) : loop_(max_result) {
    EXPECT_EQ(pipe_.open(0), 0);
    EXPECT_EQ(::fcntl(pipe_.reading_end.get(), F_SETFL, O_NONBLOCK), 0);
    child_end_ = std::move(pipe_.writing_end);
    reader_ = std::make_unique<Reader>(*loop_, std::move(pipe_.reading_end), kFirstBufferSize);
  }
  void child_writes(const std::string& text) {
    ASSERT_EQ(::write(child_end_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }
  void child_closes() { child_end_.reset(); }
  // How many bytes nobody has read from the kernel.
  int unread() {
    int there = -1;
    EXPECT_EQ(::ioctl(reader_->fd(), FIONREAD, &there), 0);
    return there;
  }
  int try_read(ReadRequest request) {
    pipe_slice slice;
    return reader_->read(request, &slice);
  }
  Told read(ReadRequest request) { return pipe_core::read(loop_, *reader_, request); }
  // A read that answers PIPE_AGAIN, and is started.
  void wait_for(ReadRequest request, uint32_t token, uint32_t timeout_ms = 0) {
    ASSERT_EQ(try_read(request), PIPE_AGAIN);
    ASSERT_EQ(reader_->start(token, timeout_ms), 0);
  }

  RunningLoop loop_;
  Joint pipe_;
  UniqueFd child_end_;
  std::unique_ptr<Reader> reader_;
};

}  // namespace pipe_core

#endif
