// One event loop: its turns, the children that live in it, and the queue of ended operations that the host pulls from.
#ifndef LOOP_H_
#define LOOP_H_

#include <cstdint>
#include <memory>
#include <sys/queue.h>
#include <uv.h>

#include "byte_buffer.h"
#include "deadlines.h"
#include "event_set.h"
#include "foreign_fd.h"
#include "fork_guard.h"
#include "operation.h"
#include "process_tree.h"
#include "reaper.h"
#include "signals.h"
#include "spawner.h"
#include "timer.h"

namespace pipe_core {

class Process;

class Loop final : public ReapTarget {
 public:
  // Returns 0, or a negative errno with nothing left behind.
  static int open(size_t max_result, Loop** loop);
  // The host's handle and each process hold a reference; finalizers run in any order. The last one to go
  // kills and reaps what lives.
  void ref() { ++references_; }
  void unref();

  uv_loop_t* uv() { return &uv_; }
  EventSet& events() { return events_; }
  SpareBlock& spare_block() { return spare_block_; }
  size_t max_result() const { return max_result_; }
  FinishedQueue& finished() { return finished_; }
  Deadlines& deadlines() { return deadlines_; }
  Timers& timers() { return timers_; }
  Signals& signals() { return signals_; }
  void push_finished(Operation& operation);
  Spawner& spawner() { return spawner_; }
  const Reaper& reaper() const { return *reaper_; }
  size_t children() const { return tree_.size(); }

  void operation_started();
  void operation_ended() { --waiting_; }
  void run(bool block);
  // Without blocking, and not if the last turn was a moment ago.
  void glance();
  // The token of what ended next, or 0.
  uint32_t next_finished();
  int foreign_fd() { return foreign_.open(events_.fd()); }
  void wake() { foreign_.wake(); }
  double timeout();

  // A child's life in this loop: adopted after clone, watched when its exit matters, reaped, forgotten.
  void adopt(std::unique_ptr<Child> child);
  // Returns 0 or a negative errno.
  int watch(Child& child);
  bool reap(Child& child) override;
  // The handle is gone. What has not exited yet is reaped by the loop, or by the next spawn.
  void orphan(Child& child);
  void reap_orphans();

  // For the exit handler, which holds Host::mutex(): neither touches the event loop.
  void kill_children();
  void await_children();

  // In a forked child of the host.
  bool inherited() const { return ForkGuard::inherited(state_.generation); }
  void abandon();
  void add(Process& process);
  void remove(Process& process);

  TAILQ_ENTRY(Loop) host_link;

 private:
  explicit Loop(size_t max_result) : max_result_(max_result) { TAILQ_INIT(&processes_); }
  ~Loop();
  int init();
  void turn(int timeout_ms);
  void forget(Child& child, const ExitStatus& status);
  void watch_orphan(Child& child);
  void watch_orphans();
  // Milliseconds, -1 for never.
  int until_uv();    // has something to do
  int until_next();  // deadline, or that
  int until_due();   // or an operation has ended
  void started_something();

  size_t max_result_;
  size_t references_ = 1;
  size_t waiting_ = 0;
  size_t orphans_ = 0;
  bool unwatched_orphans_ = false;
  LoopState state_;
  bool turning_ = false;
  bool abandoned_ = false;
  bool initialized_ = false;
  bool uv_is_ready_ = false;
  uint64_t looked_at_ = 0;  // Deadlines::now() of the last turn
  EventSet events_;
  uv_loop_t uv_ = {};
  FinishedQueue finished_;
  SpareBlock spare_block_;
  Deadlines deadlines_;
  Timers timers_;
  Signals signals_{*this, events_};
  ProcessTree tree_;
  TAILQ_HEAD(, Process) processes_;
  std::unique_ptr<Reaper> reaper_;
  Spawner spawner_;
  ForeignFd foreign_;
};

}  // namespace pipe_core

#endif
