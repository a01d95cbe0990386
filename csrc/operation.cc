#include "operation.h"

#include <algorithm>

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
    constexpr double kNanosecondsPerMs = 1e6;
    constexpr double kLongest = 9e18;  // a good 285 years, and far enough from the clock's end
    const auto delay = static_cast<uint64_t>(std::min(timeout_ms * kNanosecondsPerMs, kLongest));
    if (const int status = loop_.deadlines().add(*this, Deadlines::now() + delay); status < 0) return status;
  }
  state_ = State::kWaiting;
  loop_.operation_started();
  return 0;
}

void Operation::expire() { finish(PIPE_TIMEOUT); }

void Operation::stop_waiting() {
  loop_.deadlines().remove(*this);
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
