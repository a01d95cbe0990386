// One child's life as its host sees it: three streams, and an exit that is told once.
#ifndef PROCESS_H_
#define PROCESS_H_

#include <memory>
#include <optional>
#include <sys/queue.h>

#include "channel.h"
#include "child.h"
#include "child_descriptors.h"
#include "exit_watch.h"
#include "loop.h"
#include "pipe.h"
#include "reader.h"
#include "writer.h"

namespace pipe_core {

// Waits for the child's exit.
class ExitChannel final : public Channel {
 public:
  ExitChannel(Loop& loop, Child* const& child) : Channel(loop), child_(child) {}
  bool busy() const { return operation_.busy(); }
  int take_outcome() { return operation_.take_outcome(); }
  void finish(int outcome) { operation_.finish(outcome); }
  int running() { return tried(PIPE_AGAIN); }

 protected:
  int arm() override { return child_ == nullptr ? 0 : loop_.watch(*child_); }

 private:
  Child* const& child_;
};

class Process {
 public:
  // Starts a program. Returns 0, or a negative errno with `failure` and nothing left behind.
  static int spawn(Loop& loop, const pipe_spawn_options& options, pipe_failure* failure, Process** process);
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  // Kills the child if it lives and is not detached; the loop reaps it.
  ~Process();

  Loop& loop() { return loop_; }
  pid_t pid() const { return pid_; }

  // PIPE_OK, or why the host has no end of that stream: PIPE_MERGED, PIPE_NOT_A_PIPE.
  int stream(int channel) const;
  // Arms the read of an output; the wait for the exit tells of it, and only if it ends otherwise than well.
  int read_beside_exit(int channel) { return output(channel).start_beside(exit_channel_); }
  Reader& output(int channel) { return outputs_[channel - PIPE_STDOUT]; }
  Writer& input() { return input_; }
  // nullptr where there is no such stream.
  Channel* channel(int channel);

  int write(const pipe_slice* slices, size_t count, double* written);
  int kill(int signum);
  int shutdown(int channel);
  int resize(int rows, int columns);
  int usage(pipe_usage* usage);
  int wait(pipe_exit* exit);
  int wait_result(pipe_exit* exit);
  int try_wait(pipe_exit* exit);
  void close();

  // nullptr once it is reaped.
  Child* child() { return has_exited() ? nullptr : child_; }

  void add(ExitWatch& watch) { TAILQ_INSERT_TAIL(&exit_watches_, &watch, process_link); }
  void remove(ExitWatch& watch) { TAILQ_REMOVE(&exit_watches_, &watch, process_link); }
  // From now on exited() will be called, if it was not. Returns 0 or a negative errno.
  int watch_exit();

  // The loop has reaped the child.
  void exited(const ExitStatus& status);
  // In a forked child of the host.
  void abandon();

  TAILQ_ENTRY(Process) loop_link;

 private:
  Process(Loop& loop, ChildDescriptors& descriptors, const pipe_spawn_options& options);
  bool has_exited();
  int tell(pipe_exit* exit) const;
  void end(bool kill);
  void finish_exit_watches(int outcome);
  void close_streams_at_end();

  // Declared first, so that it ends last: what follows still needs the loop when it is destroyed.
  struct Reference {
    explicit Reference(Loop& held) : loop(held) { loop.ref(); }
    Reference(const Reference&) = delete;
    Reference& operator=(const Reference&) = delete;
    ~Reference() { loop.unref(); }
    Loop& loop;
  };

  Reference reference_;
  Loop& loop_;
  pid_t pid_ = -1;
  Child* child_ = nullptr;  // nullptr once it is reaped
  bool terminal_;           // its streams are a pty's
  bool merged_;
  bool has_end_[3];      // by channel: the host has an end of that stream, or had one
  bool told_ = false;    // pipe_wait() has used up the exit
  bool closed_ = false;  // by the host, or by a fork of it
  std::optional<ExitStatus> exit_;
  Writer input_;
  Reader outputs_[2];
  ExitChannel exit_channel_;
  TAILQ_HEAD(, ExitWatch) exit_watches_;
};

}  // namespace pipe_core

#endif
