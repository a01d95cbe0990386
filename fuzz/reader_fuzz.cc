// A whole Reader over a kernel pipe: any bytes, in any pieces, any order of what a host may call, and of what it may
// take without a call. Each answer is what the stream's model tells, and what is lent are the stream's next bytes.
#include <cerrno>
#include <memory>
#include <poll.h>
#include <string>
#include <string_view>

#include "fuzz_target.h"
#include "input.h"
#include "joint.h"
#include "must.h"
#include "open_descriptors.h"
#include "reader.h"
#include "stream_choices.h"
#include "stream_model.h"

namespace {

using pipe_core::Joint;
using pipe_core::Loop;
using pipe_core::Reader;
using pipe_core::ReadRequest;
using pipe_core::UniqueFd;

class Host {
 public:
  explicit Host(Input& input) : limit_(choose_limit(input)) {
    MUST(Loop::open(limit_, &loop_) == 0);
    Joint pipe;
    MUST(pipe.open(0) == 0);
    MUST(::fcntl(pipe.reading_end.get(), F_SETFL, O_NONBLOCK) == 0);
    MUST(::fcntl(pipe.writing_end.get(), F_SETFL, O_NONBLOCK) == 0);
    child_end_ = std::move(pipe.writing_end);
    reader_ = std::make_unique<Reader>(*loop_, std::move(pipe.reading_end), 1 + input.size());
  }
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;
  ~Host() {
    reader_.reset();
    MUST(loop_->next_finished() == 0);  // a token dies with its operation
    loop_->unref();
  }

  void step(Input& input) {
    switch (input.below(16)) {
      case 0:
      case 1:
      case 2:
        return child_writes(choose_bytes(input));
      case 3:
        if (input.once_in(4)) child_end_.reset();
        return;
      case 4:
        return start(input);
      case 5:
        return turn();
      case 6:
        return fetch();
      case 7:
        return take();
      case 8:
        return cancel();
      case 9:
        if (input.once_in(8)) shutdown();
        return;
      case 10:
        return expect(input.once_in(2));
      case 11:
        return look_for_the_end();
      case 12:
        return take_without_a_call(input.size());
      default:
        return read(choose_request(input));
    }
  }

  // What is lent is the beginning of the stream, and nothing is while somebody reads.
  void check() {
    const pipe_buffered& lent = *reader_->buffered();
    MUST(lent.size >= 0);
    if (state_ != State::kIdle || shown_ || shut_down_) MUST(lent.size == 0);
    const std::string_view bytes(lent.data == nullptr ? "" : lent.data, static_cast<size_t>(lent.size));
    MUST(rest_.starts_with(bytes));
    if (shown_) MUST(std::string_view(slice_.data, slice_.size) == shown_bytes_);
  }

 private:
  enum class State { kIdle, kHeld, kWaiting, kOut };

  void child_writes(const std::string& bytes) {
    if (!child_end_ || reader_->fd() < 0 || bytes.empty()) return;
    const ssize_t size = ::write(child_end_.get(), bytes.data(), bytes.size());
    MUST(size > 0 || errno == EAGAIN);
    if (size > 0) rest_.append(bytes, 0, static_cast<size_t>(size));
  }

  Told expected() const { return told(rest_, !child_end_, request_, limit_); }

  void read(const ReadRequest& request) {
    pipe_slice slice = {"untouched", 9};
    const int outcome = reader_->read(request, &slice);
    if (shut_down_ || state_ != State::kIdle || shown_) {
      MUST(outcome == (shut_down_ ? PIPE_CLOSED : PIPE_BUSY));
      MUST(slice.data == nullptr && slice.size == 0);
      return;
    }
    request_ = request;
    const bool polls = request.mode == PIPE_READ_POLL;
    if (outcome == PIPE_AGAIN) {
      if (polls) may_not_look_ = false;  // it has looked; one that tells what had been read may not have
      MUST(may_not_look_ || expected().outcome == PIPE_AGAIN);
      MUST(slice.data == nullptr);
      if (!polls) state_ = State::kHeld;
      return;
    }
    MUST(outcome == expected().outcome);
    show(outcome, slice);
  }

  void start(Input& input) {
    constexpr uint32_t kNever = 0;
    constexpr uint32_t kSoon = 1;  // ms
    const bool timed = input.once_in(8) && naps_-- > 0;
    const int status = reader_->start(kToken, timed ? kSoon : kNever);
    switch (state_) {
      case State::kIdle:
        MUST(status == UV_EINVAL);
        return;
      case State::kHeld:
        MUST(status == PIPE_OK);
        state_ = State::kWaiting;
        timed_ = timed;
        return;
      default:
        MUST(status == PIPE_BUSY);
    }
  }

  // What has come in time is seen: who waits for it is told.
  void turn() {
    constexpr int kTurns = 1000;
    int turns = 0;
    do {
      loop_->run(timed_ && state_ == State::kWaiting);
      if (const uint32_t token = loop_->next_finished(); token != 0) {
        MUST(token == kToken);
        MUST(state_ == State::kWaiting);
        state_ = State::kOut;
        asked_since_the_end_ = false;
      }
      MUST(++turns < kTurns);
    } while (state_ == State::kWaiting && (timed_ || expected().outcome != PIPE_AGAIN));
  }

  void fetch() {
    pipe_slice slice = {"untouched", 9};
    const int outcome = reader_->result(&slice);
    if (state_ != State::kOut) {
      // Ended already, though its token has not been asked for.
      const bool was_aborted = state_ == State::kWaiting && shut_down_;
      MUST(outcome == (was_aborted ? PIPE_ABORTED : -EINVAL));
      if (!was_aborted) {
        MUST(slice.data == nullptr);
        return;
      }
    }
    state_ = State::kIdle;
    const bool timed_out = outcome == PIPE_TIMEOUT && timed_;
    const bool aborted = outcome == PIPE_ABORTED && shut_down_;
    MUST(timed_out || aborted || outcome == expected().outcome);
    if (!timed_out) may_not_look_ = asked_since_the_end_;
    show(outcome, slice);
  }

  void show(int outcome, const pipe_slice& slice) {
    if (outcome == PIPE_TOO_MUCH) {
      MUST(slice.data == nullptr && slice.size == 0);
      return;
    }
    MUST(slice.data != nullptr);
    shown_ = true;
    slice_ = slice;
    shown_bytes_.assign(slice.data, slice.size);
    const bool gives_up = outcome == PIPE_TIMEOUT || outcome == PIPE_ABORTED;
    const bool any = outcome == PIPE_OK && is_any(request_);
    if (gives_up || any) {
      MUST(rest_.starts_with(shown_bytes_));
      if (any) MUST(!shown_bytes_.empty() && shown_bytes_.size() <= std::min(request_.length, limit_));
      will_take_ = shown_bytes_.size();
      return;
    }
    const Told model = expected();
    MUST(shown_bytes_ == model.shown);
    will_take_ = model.taken;
  }

  void take() {
    reader_->take();
    if (!std::exchange(shown_, false)) return;
    rest_.erase(0, shut_down_ ? rest_.size() : will_take_);
  }

  void cancel() {
    reader_->cancel();
    state_ = State::kIdle;
    shown_ = may_not_look_ = false;
  }

  void shutdown() {
    reader_->shutdown();
    shut_down_ = true;
    child_end_.reset();
  }

  void expect(bool answer) {
    if (answer) {
      reader_->expect_answer();
    } else {
      reader_->expect_no_answer();
    }
    may_not_look_ = asked_since_the_end_ = answer;
  }

  // As after the child's exit.
  void look_for_the_end() {
    pollfd end = {reader_->fd(), POLLIN, 0};
    MUST(::poll(&end, 1, 0) >= 0);
    reader_->close_if_at_end(end.revents);
    if (child_end_) MUST(shut_down_ || reader_->fd() >= 0);
  }

  void take_without_a_call(size_t size) {
    pipe_buffered& lent = *reader_->buffered();
    if (lent.size < 2) return;
    const int32_t taken = std::min(lent.size - 1, static_cast<int32_t>(size));
    lent.data += taken;
    lent.size -= taken;
    rest_.erase(0, static_cast<size_t>(taken));
  }

  static constexpr uint32_t kToken = 7;

  Loop* loop_ = nullptr;
  std::unique_ptr<Reader> reader_;
  UniqueFd child_end_;
  const size_t limit_;
  std::string rest_;  // written by the child, and not taken
  State state_ = State::kIdle;
  ReadRequest request_;
  bool may_not_look_ = false;
  bool asked_since_the_end_ = false;  // a read's, which has looked before that
  bool timed_ = false;
  bool shut_down_ = false;
  bool shown_ = false;
  pipe_slice slice_ = {};
  std::string shown_bytes_;
  size_t will_take_ = 0;
  int naps_ = 3;
};

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // libuv opens a pipe for the whole process with its first loop, and keeps it.
  Loop* first;
  MUST(Loop::open(1, &first) == 0);
  first->unref();
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const int before = open_descriptors();
  {
    Input input(data, size);
    Host host(input);
    while (!input.ended()) {
      host.step(input);
      host.check();
    }
  }
  MUST(open_descriptors() == before);
  return 0;
}
