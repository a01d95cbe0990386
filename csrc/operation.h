// One thing that a light thread waits for: a token, a timeout, an outcome. Knows nothing of what is waited for.
#ifndef OPERATION_H_
#define OPERATION_H_

#include <cstdint>
#include <sys/queue.h>
#include <uv.h>

#include "deadlines.h"

namespace pipe_core {

class Loop;

class Operation final : public Deadline {
 public:
  explicit Operation(Loop& loop) : loop_(loop) {}
  Operation(const Operation&) = delete;
  Operation& operator=(const Operation&) = delete;
  ~Operation() { cancel(); }

  static constexpr double kNoTimeout = -1;

  // Idle -> held, between a try that has to wait and start(): whatever runs meanwhile (a finalizer of the host's, which
  // any allocation may call) finds it busy, and can end it.
  void hold() { state_ = State::kHeld; }
  // Idle or held -> waiting; ended while it was held -> finished. It never ends early.
  int start(uint32_t token, double timeout_ms);
  // Waiting -> finished: the token goes to the loop's queue. Held -> ended: start() will do that.
  void finish(int outcome);
  // Finished -> idle. Fetching before the end is the host's mistake and answers UV_EINVAL.
  int take_outcome();
  // As start(), but without a token: nobody is told when it ends with PIPE_OK. Else `other` ends instead, with
  // PIPE_RUNNING. `other` must outlive it.
  int start_beside(Operation& other);
  // Anything -> idle: the token never comes out.
  void cancel();

  bool busy() const { return state_ != State::kIdle; }
  bool pending() const { return state_ == State::kHeld || state_ == State::kWaiting; }
  bool ended_early() const { return state_ == State::kEnded; }
  bool waiting() const { return state_ == State::kWaiting; }
  bool finished() const { return state_ == State::kFinished; }
  uint32_t token() const { return token_; }
  // The queue's own: no allocation when an operation ends.
  TAILQ_ENTRY(Operation) finished_link;
  bool queued = false;

 private:
  enum class State : uint8_t { kIdle, kHeld, kEnded, kWaiting, kFinished };

  void expire() override;
  void tell(int outcome);
  void begin_waiting();
  void stop_waiting();

  Loop& loop_;
  Operation* other_ = nullptr;  // who is told instead
  uint32_t token_ = 0;
  int outcome_ = 0;
  State state_ = State::kIdle;
};

// Operations that have ended, in that order, until the host pulls their tokens.
class FinishedQueue {
 public:
  FinishedQueue() { TAILQ_INIT(&head_); }
  void push(Operation& operation) {
    TAILQ_INSERT_TAIL(&head_, &operation, finished_link);
    operation.queued = true;
  }
  void remove(Operation& operation) {
    if (operation.queued) TAILQ_REMOVE(&head_, &operation, finished_link);
    operation.queued = false;
  }
  bool empty() const { return TAILQ_EMPTY(&head_); }
  // nullptr when there is none.
  Operation* pop() {
    Operation* first = TAILQ_FIRST(&head_);
    if (first != nullptr) remove(*first);
    return first;
  }

 private:
  TAILQ_HEAD(, Operation) head_;
};

}  // namespace pipe_core

#endif
