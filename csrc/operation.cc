#include "operation.h"

#include <algorithm>
#include <cmath>

#include "loop.h"
#include "pipe.h"

namespace pipe_core {

int Operation::start(uint32_t token, double timeout_ms) {
  if (waiting() || finished() || token == 0) return UV_EINVAL;
  token_ = token;
  if (state_ == State::kEnded) {
    to_queue(outcome_);
    return 0;
  }
  if (timeout_ms != kNoTimeout) {
    if (const int status = start_timer(timeout_ms); status < 0) return status;
  }
  state_ = State::kWaiting;
  loop_.operation_started();
  return 0;
}

int Operation::start_timer(double timeout_ms) {
  if (!timer_) {
    const int status = timer_.open(this, [this](uv_timer_t* timer) { return uv_timer_init(loop_.uv(), timer); });
    if (status < 0) return status;
  }
  // libuv counts from its cached clock, in whole milliseconds: refresh it, and aim at the first whole millisecond
  // that is not early.
  constexpr double kNanosecondsPerMs = 1e6;
  constexpr double kLongestMs = 9e15;  // beyond 2^53 a double is no whole number any more
  uv_update_time(loop_.uv());
  const double now = static_cast<double>(uv_hrtime()) / kNanosecondsPerMs;
  const double due = std::ceil(now + std::min(timeout_ms, kLongestMs));
  const double delay = timeout_ms > 0 ? std::max(due - static_cast<double>(uv_now(loop_.uv())), 0.0) : 0;
  const auto expired = [](uv_timer_t* timer) { static_cast<Operation*>(timer->data)->finish(PIPE_TIMEOUT); };
  return uv_timer_start(timer_.get(), expired, static_cast<uint64_t>(delay), 0);
}

void Operation::stop_waiting() {
  if (timer_) uv_timer_stop(timer_.get());
  loop_.operation_ended();
}

void Operation::finish(int outcome) {
  if (waiting()) {
    stop_waiting();
    to_queue(outcome);
  } else if (state_ == State::kHeld) {
    outcome_ = outcome;
    state_ = State::kEnded;
  }
}

void Operation::to_queue(int outcome) {
  outcome_ = outcome;
  state_ = State::kFinished;
  loop_.push_finished(*this);
}

int Operation::take_outcome() {
  if (!finished()) return UV_EINVAL;
  cancel();
  return outcome_;
}

void Operation::cancel() {
  if (waiting()) stop_waiting();
  if (finished()) loop_.finished().remove(*this);
  state_ = State::kIdle;
}

}  // namespace pipe_core
