#include "reader.h"

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <sys/epoll.h>
#include <utility>

namespace pipe_core {
namespace {

constexpr size_t kLargestChunk = size_t{64} << 10;       // what a pipe holds by default
constexpr size_t kLargestFirstChunk = size_t{16} << 20;  // of a buffer_size that is somebody's typing error
constexpr size_t kBytesPerTurn = size_t{1} << 20;        // then others have their turn: a child may never stop writing

ssize_t read_uninterrupted(int fd, char* room, size_t size) {
  ssize_t count;
  do {
    count = ::read(fd, room, size);
  } while (count < 0 && errno == EINTR);
  return count;
}

}  // namespace

Reader::Reader(Loop& loop, UniqueFd parent_end, size_t first_buffer_size, bool hangs_up)
    : Channel(loop),
      parent_end_(std::move(parent_end)),
      watch_(
          EPOLLIN, [](void* reader, uint32_t events) { return static_cast<Reader*>(reader)->on_readable(events); },
          this),
      buffer_(&loop.spare_block()),
      chunk_(std::min(first_buffer_size, kLargestFirstChunk)),
      hangs_up_(hangs_up) {}

int Reader::read(const ReadRequest& request, pipe_slice* result) {
  *result = {};
  if (shut_down_) return PIPE_CLOSED;
  if (operation_.busy() || shown_) return PIPE_BUSY;
  reclaim();
  request_ = request;
  const int outcome = pull(Until::kEmpty);
  if (outcome != PIPE_AGAIN) return show(outcome, result);
  if (request.mode != PIPE_READ_POLL) return tried(outcome);
  lend();
  return outcome;
}

int Reader::result(pipe_slice* result) {
  *result = {};
  if (!operation_.finished()) return UV_EINVAL;  // a read that goes on shows nothing, and keeps its frame
  return show(operation_.take_outcome(), result);
}

// PIPE_AGAIN also when the turn's share is used up: the poll is level-triggered and comes back at once.
int Reader::pull(Until until) {
  for (size_t budget = kBytesPerTurn;;) {
    frame_ = cut_frame(buffer_, request_, end_of_file_, loop_.max_result());
    if (frame_.outcome != PIPE_AGAIN || budget == 0) return frame_.outcome;
    const bool in_vain = answer_is_due_ && request_.mode != PIPE_READ_POLL;
    if (in_vain || (until == Until::kShortRead && drained_)) return PIPE_AGAIN;
    const int status = fill(&budget);
    if (status == UV_EAGAIN) {
      buffer_.release_if_empty();
      return PIPE_AGAIN;
    }
    if (status < 0) return status;
  }
}

int Reader::fill(size_t* budget) {
  drained_ = true;
  answer_is_due_ = false;
  const size_t want = wanted();
  char* room = buffer_.reserve(want);
  if (room == nullptr) return UV_ENOMEM;
  const size_t size = std::max(want, std::min(buffer_.free_size(), kLargestChunk));
  ssize_t count = read_uninterrupted(parent_end_.get(), room, size);
  // EIO: of a terminal that nobody has open any more. The kernel looks for bytes first and for this second: what was
  // written and closed in between is there for the next read.
  if (count < 0 && errno == EIO) count = read_uninterrupted(parent_end_.get(), room, size);
  if (count < 0 && errno != EIO) return -errno;
  if (count <= 0) {
    end_of_file_ = true;
    // A child may have closed its terminal, and still be on its way to exit(2): it is hung up when that is there.
    if (hangs_up_) {
      watch_.close();
    } else {
      close();
    }
    return 0;
  }
  const auto came = static_cast<size_t>(count);
  drained_ = came < size;
  buffer_.commit(came);
  *budget -= std::min(*budget, came);
  // A stream that fills what it is given gets more.
  if (came >= chunk_) chunk_ = std::max(chunk_, std::min(chunk_ * 2, kLargestChunk));
  return 0;
}

size_t Reader::wanted() const {
  if (request_.mode != PIPE_READ_ANY && request_.mode != PIPE_READ_POLL) return chunk_;
  return std::max(chunk_, std::min(request_.length, kLargestChunk));
}

int Reader::show(int outcome, pipe_slice* result) {
  switch (outcome) {
    case PIPE_OK:
      break;
    case PIPE_TOO_MUCH:
      frame_ = {outcome, 0, 0};
      lend();
      return outcome;
    default:  // end of file, a timeout, an abort or an error: what had come is shown
      frame_ = {outcome, buffer_.size(), buffer_.size()};
  }
  *result = {buffer_.data(), frame_.size};
  shown_ = true;
  return outcome;
}

void Reader::take() {
  if (!shown_) return;
  shown_ = false;
  buffer_.consume(frame_.skip);
  lend();
}

void Reader::cancel() {
  shown_ = answer_is_due_ = false;
  Channel::cancel();
  reclaim();
  lend();
}

void Reader::lend() {
  if (shut_down_) {
    buffer_.clear();
  } else if (!buffer_.empty()) {
    constexpr size_t kMost = INT32_MAX;
    buffered_ = {buffer_.data(), static_cast<int32_t>(std::min(buffer_.size(), kMost)), buffered_.loans + 1};
  }
}

void Reader::reclaim() {
  if (const char* first = std::exchange(buffered_.data, nullptr); first != nullptr) {
    buffer_.consume(static_cast<size_t>(first - buffer_.data()));
  }
  buffered_.size = 0;
}

bool Reader::on_readable(uint32_t events) {
  if (!operation_.waiting()) return false;
  answer_is_due_ = drained_ = false;
  // After a hang-up the end of file can be read at once; else what follows a short read is worth another turn.
  const int outcome = pull((events & (EPOLLHUP | EPOLLERR)) != 0 ? Until::kEmpty : Until::kShortRead);
  if (outcome != PIPE_AGAIN) operation_.finish(outcome);
  return true;
}

void Reader::shutdown() {
  close();
  shut_down_ = true;
  reclaim();
  operation_.finish(PIPE_ABORTED);
  if (!operation_.busy() && !shown_) buffer_.clear();
}

void Reader::close_if_at_end(short poll_events) {
  // A waiting reader finds out by itself, and is told so.
  if (operation_.pending() || (poll_events & POLLHUP) == 0 || (poll_events & POLLIN) != 0) return;
  end_of_file_ = true;
  close();
}

void Reader::close() {
  watch_.close();
  parent_end_.reset();
}

}  // namespace pipe_core
