#include "operation.h"

#include <algorithm>

#include "loop.h"
#include "pipe.h"

namespace pipe_core {

int Operation::start(uint32_t token, double timeout_ms) {
  if (waiting() || finished() || token == 0) return UV_EINVAL;
  token_ = token;
  other_ = nullptr;
  if (state_ == State::kEnded) {
    tell(outcome_);
    return 0;
  }
  if (timeout_ms != kNoTimeout) {
    constexpr double kNanosecondsPerMs = 1e6;
    constexpr double kLongest = 9e18;  // a good 285 years, and far enough from the clock's end
    const auto delay = static_cast<uint64_t>(std::min(timeout_ms * kNanosecondsPerMs, kLongest));
    if (const int status = loop_.deadlines().add(*this, Deadlines::now() + delay); status < 0) return status;
  }
  begin_waiting();
  return 0;
}

int Operation::start_beside(Operation& other) {
  if (waiting() || finished()) return UV_EINVAL;
  token_ = 0;
  other_ = &other;
  if (state_ == State::kEnded) {
    tell(outcome_);
  } else {
    begin_waiting();
  }
  return 0;
}

void Operation::begin_waiting() {
  state_ = State::kWaiting;
  loop_.operation_started();
}

void Operation::expire() { finish(PIPE_TIMEOUT); }

void Operation::stop_waiting() {
  loop_.deadlines().remove(*this);
  loop_.operation_ended();
}

void Operation::finish(int outcome) {
  if (waiting()) {
    stop_waiting();
    tell(outcome);
  } else if (state_ == State::kHeld) {
    outcome_ = outcome;
    state_ = State::kEnded;
  }
}

void Operation::tell(int outcome) {
  outcome_ = outcome;
  state_ = State::kFinished;
  if (other_ == nullptr) {
    loop_.push_finished(*this);
  } else if (outcome != PIPE_OK) {
    other_->finish(PIPE_RUNNING);
  }
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
