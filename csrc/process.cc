#include "process.h"

#include <cerrno>
#include <csignal>
#include <poll.h>

namespace pipe_core {

static constexpr int kLastSignal = 64;

int Process::spawn(Loop& loop, const pipe_spawn_options& options, Process** process) {
  loop.reap_orphans();
  StdioPipes pipes;
  if (const int status = pipes.open(options.merge_stderr != 0); status < 0) return status;
  std::unique_ptr<Process> made(new Process(loop, pipes, options));  // before the clone: nothing may fail after it
  std::unique_ptr<Child> child;
  const int status = loop.spawner().spawn(options, pipes, loop.reaper().wants_pidfd(), &child);
  if (status < 0) return status;
  made->pid_ = child->pid();
  made->child_ = child.get();
  child->owner = made.get();
  loop.adopt(std::move(child));
  *process = made.release();
  return 0;
}

Process::Process(Loop& loop, StdioPipes& pipes, const pipe_spawn_options& options)
    : membership_(loop, *this),
      loop_(loop),
      merged_(options.merge_stderr != 0),
      input_(loop, std::move(pipes.parent_ends[PIPE_STDIN])),
      outputs_{{loop, std::move(pipes.parent_ends[PIPE_STDOUT]), options.buffer_size},
               {loop, std::move(pipes.parent_ends[PIPE_STDERR]), options.buffer_size}},
      exit_channel_(loop, child_) {}

Process::~Process() { close(); }

Reader* Process::output(int channel) {
  if (channel == PIPE_STDOUT) return &outputs_[0];
  return channel == PIPE_STDERR && !merged_ ? &outputs_[1] : nullptr;
}

Channel* Process::channel(int channel) {
  switch (channel) {
    case PIPE_STDIN:
      return &input_;
    case PIPE_EXIT:
      return &exit_channel_;
    default:
      return output(channel);
  }
}

// Asks the kernel if we do not know: nobody need have waited for the exit to be there.
bool Process::has_exited() { return child_ == nullptr || loop_.reap(*child_); }

int Process::kill(int signum) {
  if (signum < 0 || signum > kLastSignal) return PIPE_INVALID_SIGNAL;
  if (closed_ || has_exited()) return PIPE_EXITED;
  const int status = child_->send_signal(signum);
  if (status == -ESRCH) return PIPE_EXITED;
  return status == -EINVAL ? PIPE_INVALID_SIGNAL : status;
}

int Process::shutdown(int channel) {
  if (channel < PIPE_STDIN || channel > PIPE_STDERR) return UV_EINVAL;
  if (channel == PIPE_STDERR && merged_) return PIPE_MERGED;
  if (told_ || closed_) return PIPE_CLOSED;
  if (channel == PIPE_STDIN) {
    input_.shutdown();
  } else {
    output(channel)->shutdown();
  }
  return PIPE_OK;
}

int Process::tell(pipe_exit* exit) const {
  if (exit_->kind == ExitStatus::Kind::kLost) return -ECHILD;
  *exit = {exit_->kind == ExitStatus::Kind::kSignal ? 1 : 0, exit_->status};
  return PIPE_OK;
}

int Process::wait(pipe_exit* exit) {
  if (told_ || closed_) return PIPE_EXITED;
  if (exit_channel_.busy()) return PIPE_BUSY;
  if (!has_exited()) return exit_channel_.running();
  told_ = true;
  return tell(exit);
}

int Process::wait_result(pipe_exit* exit) {
  const int outcome = exit_channel_.take_outcome();
  if (outcome != PIPE_OK) return outcome;
  told_ = true;
  return tell(exit);
}

int Process::try_wait(pipe_exit* exit) {
  if (exit_) return tell(exit);
  if (closed_) return PIPE_EXITED;
  return has_exited() ? tell(exit) : PIPE_RUNNING;
}

void Process::exited(const ExitStatus& status) {
  child_ = nullptr;
  exit_ = status;
  close_streams_at_end();
  exit_channel_.finish(PIPE_OK);
}

void Process::close_streams_at_end() {
  // A closed stream has the descriptor -1, which poll(2) passes over.
  pollfd ends[] = {{input_.fd(), POLLOUT, 0}, {outputs_[0].fd(), POLLIN, 0}, {outputs_[1].fd(), POLLIN, 0}};
  if (::poll(ends, 3, 0) < 0) return;
  input_.close_if_at_end(ends[0].revents);
  outputs_[0].close_if_at_end(ends[1].revents);
  outputs_[1].close_if_at_end(ends[2].revents);
}

void Process::close() {
  if (closed_) return;
  if (!has_exited()) {
    child_->send_signal(SIGKILL);
    loop_.orphan(*std::exchange(child_, nullptr));
  }
  closed_ = true;
  input_.shutdown();
  for (Reader& output : outputs_) output.shutdown();
  exit_channel_.finish(PIPE_ABORTED);
}

void Process::abandon() {
  closed_ = true;
  child_ = nullptr;  // the parent's to kill and to reap
  input_.shutdown();
  for (Reader& output : outputs_) output.shutdown();
}

}  // namespace pipe_core
