// Somebody who wants to know of a child's exit beside the one who waits for it. Any number of them; none uses it up.
#ifndef EXIT_WATCH_H_
#define EXIT_WATCH_H_

#include <sys/queue.h>

#include "channel.h"

namespace pipe_core {

class Process;

class ExitWatch final : public Channel {
 public:
  // Keeps the loop alive, not the process: finalizers run in any order.
  explicit ExitWatch(Process& process);
  ~ExitWatch() override;

  // Needs no try before.
  int start(uint32_t token, uint32_t timeout_ms);
  // PIPE_OK when the exit is there, PIPE_TIMEOUT, or PIPE_ABORTED: it never will be.
  int result() { return operation_.take_outcome(); }
  void finish(int outcome) { operation_.finish(outcome); }
  // The process is gone.
  void forget_process() { process_ = nullptr; }

  TAILQ_ENTRY(ExitWatch) process_link;

 protected:
  int arm() override;

 private:
  Process* process_;
};

}  // namespace pipe_core

#endif
