#include "writer.h"

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/uio.h>

#include "nosignal_write.h"

namespace pipe_core {
namespace {

constexpr size_t kVectors = 64;
constexpr double kBytesPerTurn = 1 << 20;  // then others have their turn: a child may read as fast as we write

}  // namespace

Writer::Writer(Loop& loop, UniqueFd parent_end)
    : Channel(loop),
      parent_end_(std::move(parent_end)),
      watch_(
          EPOLLOUT, [](void* writer, uint32_t) { return static_cast<Writer*>(writer)->on_writable(); }, this) {}

int Writer::write(const pipe_slice* slices, size_t count, double* written) {
  *written = 0;
  if (!parent_end_) return PIPE_CLOSED;
  if (operation_.busy()) return PIPE_BUSY;
  slices_ = slices;
  count_ = count;
  offset_ = 0;
  written_ = 0;
  const int outcome = tried(push());
  *written = written_;
  return outcome;
}

int Writer::result(double* written) {
  *written = written_;
  return operation_.take_outcome();
}

// PIPE_AGAIN also when the turn's share is used up: the poll is level-triggered and comes back at once.
int Writer::push() {
  const double turn_ends_at = written_ + kBytesPerTurn;
  for (;;) {
    advance(0);
    if (count_ == 0) return PIPE_OK;
    if (written_ >= turn_ends_at) return PIPE_AGAIN;
    iovec vectors[kVectors];
    const size_t used = std::min(count_, kVectors);
    for (size_t i = 0; i < used; ++i) {
      const size_t skip = i == 0 ? offset_ : 0;
      vectors[i] = {const_cast<char*>(slices_[i].data) + skip, slices_[i].size - skip};
    }
    const ssize_t size = nosignal_write(parent_end_.get(), vectors, static_cast<int>(used));
    if (size == -EINTR) continue;
    if (size == -EAGAIN) return PIPE_AGAIN;
    if (size == -EPIPE || size == -EIO) {  // EIO: of a terminal
      close();                             // nobody can ever read from it again
      return PIPE_CLOSED;
    }
    if (size < 0) return static_cast<int>(size);
    advance(static_cast<size_t>(size));
  }
}

// Counts `size` bytes as written, and steps over what is empty.
void Writer::advance(size_t size) {
  written_ += static_cast<double>(size);
  offset_ += size;
  while (count_ > 0 && offset_ >= slices_->size) {
    if (slices_->size > 0) last_byte_ = slices_->data[slices_->size - 1];
    offset_ -= slices_->size;
    ++slices_;
    --count_;
  }
  if (count_ > 0 && offset_ > 0) last_byte_ = slices_->data[offset_ - 1];
}

bool Writer::on_writable() {
  if (!operation_.waiting()) return false;
  const double before = written_;
  int outcome = push();
  if (outcome == PIPE_AGAIN && written_ == before && hung_up()) {
    close();
    outcome = PIPE_CLOSED;
  }
  if (outcome != PIPE_AGAIN) operation_.finish(outcome);
  return true;
}

// A terminal that was full when the last one closed it: it polls ready for ever, and has room for nothing.
bool Writer::hung_up() const {
  pollfd end = {parent_end_.get(), POLLOUT, 0};
  return ::poll(&end, 1, 0) > 0 && (end.revents & POLLHUP) != 0;
}

void Writer::shutdown() {
  close();
  operation_.finish(PIPE_ABORTED);
}

void Writer::close_if_at_end(short poll_events) {
  // A waiting writer finds out by itself, and is told so.
  if (!operation_.pending() && (poll_events & (POLLERR | POLLHUP)) != 0) close();
}

void Writer::close() {
  watch_.close();
  parent_end_.reset();
}

}  // namespace pipe_core
