#include "process.h"

#include <cerrno>
#include <csignal>
#include <poll.h>

#include "terminal.h"

namespace pipe_core {

static constexpr int kLastSignal = 64;

int Process::spawn(Loop& loop, const pipe_spawn_options& options, pipe_failure* failure, Process** process) {
  loop.reap_orphans();
  ChildDescriptors descriptors;
  *failure = {PIPE_STEP_START, 0};
  if (const int status = descriptors.open(options, failure); status < 0) return status;
  // Before the clone: nothing may fail after it.
  std::unique_ptr<Process> made(new Process(loop, descriptors, options));
  std::unique_ptr<Child> child;
  const int status = loop.spawner().spawn(options, descriptors, loop.reaper().wants_pidfd(), failure, &child);
  if (status < 0) return status;
  made->pid_ = child->pid();
  made->child_ = child.get();
  child->owner = made.get();
  for (Reader& output : made->outputs_) output.expect_answer();
  loop.adopt(std::move(child));
  *process = made.release();
  return 0;
}

Process::Process(Loop& loop, ChildDescriptors& descriptors, const pipe_spawn_options& options)
    : reference_(loop),
      loop_(loop),
      terminal_((options.flags & PIPE_SPAWN_PTY) != 0),
      merged_(terminal_ ||
              (options.descriptors != nullptr && options.descriptors[PIPE_STDERR].source == PIPE_SOURCE_STDOUT)),
      has_end_{static_cast<bool>(descriptors.parent_ends[PIPE_STDIN]),
               static_cast<bool>(descriptors.parent_ends[PIPE_STDOUT]),
               static_cast<bool>(descriptors.parent_ends[PIPE_STDERR])},
      input_(loop, std::move(descriptors.parent_ends[PIPE_STDIN])),
      outputs_{{loop, std::move(descriptors.parent_ends[PIPE_STDOUT]), options.buffer_size, terminal_},
               {loop, std::move(descriptors.parent_ends[PIPE_STDERR]), options.buffer_size}},
      exit_channel_(loop, child_) {
  TAILQ_INIT(&exit_watches_);
  loop_.add(*this);
}

Process::~Process() {
  loop_.remove(*this);
  end(child_ != nullptr && !child_->detached());
  ExitWatch* watch;
  TAILQ_FOREACH(watch, &exit_watches_, process_link) watch->forget_process();
}

int Process::stream(int channel) const {
  if (channel < PIPE_STDIN || channel > PIPE_STDERR) return UV_EINVAL;
  if (channel == PIPE_STDERR && merged_) return PIPE_MERGED;
  return has_end_[channel] ? PIPE_OK : PIPE_NOT_A_PIPE;
}

Channel* Process::channel(int channel) {
  if (channel == PIPE_EXIT) return &exit_channel_;
  if (stream(channel) != PIPE_OK) return nullptr;
  return channel == PIPE_STDIN ? static_cast<Channel*>(&input_) : &output(channel);
}

// Asks the kernel if we do not know: nobody need have waited for the exit to be there.
bool Process::has_exited() { return child_ == nullptr || loop_.reap(*child_); }

int Process::write(const pipe_slice* slices, size_t count, double* written) {
  const int outcome = input_.write(slices, count, written);
  for (Reader& output : outputs_) output.expect_answer();
  return outcome;
}

int Process::kill(int signum) {
  if (signum < 0 || signum > kLastSignal) return PIPE_INVALID_SIGNAL;
  if (closed_ || has_exited()) return PIPE_EXITED;
  const int status = child_->send_signal(signum);
  if (status == -ESRCH) return PIPE_EXITED;
  return status == -EINVAL ? PIPE_INVALID_SIGNAL : status;
}

int Process::shutdown(int channel) {
  if (const int status = stream(channel); status != PIPE_OK) return status;
  if (told_ || closed_) return PIPE_CLOSED;
  if (channel != PIPE_STDIN) {
    output(channel).shutdown();
    return PIPE_OK;
  }
  if (terminal_ && input_.fd() >= 0) {
    if (const int status = type_end_of_file(input_.fd(), input_.at_line_start()); status < 0) return status;
  }
  input_.shutdown();
  return PIPE_OK;
}

int Process::resize(int rows, int columns) {
  if (!terminal_) return PIPE_NOT_A_PIPE;
  const int master = input_.fd() >= 0 ? input_.fd() : outputs_[0].fd();
  return master < 0 ? PIPE_CLOSED : resize_terminal(master, rows, columns);
}

int Process::usage(pipe_usage* usage) {
  pipe_exit exit;
  if (const int status = try_wait(&exit); status != PIPE_OK) return status;
  if (!exit_->usage_known) return -ECHILD;  // whoever reaped it has got the numbers
  constexpr double kMicrosecond = 1e-6;
  constexpr double kKibibyte = 1024;
  const rusage& used = exit_->usage;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * kMicrosecond;
  };
  const auto number = [](long value) { return static_cast<double>(value); };
  *usage = {seconds(used.ru_utime),  seconds(used.ru_stime),   number(used.ru_maxrss) * kKibibyte,
            number(used.ru_ixrss),   number(used.ru_idrss),    number(used.ru_isrss),
            number(used.ru_minflt),  number(used.ru_majflt),   number(used.ru_nswap),
            number(used.ru_inblock), number(used.ru_oublock),  number(used.ru_msgsnd),
            number(used.ru_msgrcv),  number(used.ru_nsignals), number(used.ru_nvcsw),
            number(used.ru_nivcsw)};
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
  finish_exit_watches(PIPE_OK);
}

void Process::finish_exit_watches(int outcome) {
  ExitWatch* watch;
  TAILQ_FOREACH(watch, &exit_watches_, process_link) watch->finish(outcome);
}

int Process::watch_exit() {
  if (child_ != nullptr) return loop_.watch(*child_);
  finish_exit_watches(exit_ ? PIPE_OK : PIPE_ABORTED);
  return 0;
}

void Process::close_streams_at_end() {
  for (Reader& output : outputs_) output.expect_no_answer();
  // A closed stream has the descriptor -1, which poll(2) passes over. Who waits for an output finds out by himself.
  const auto idle = [](const Reader& output) { return output.waiting() ? -1 : output.fd(); };
  pollfd ends[] = {{input_.fd(), POLLOUT, 0}, {idle(outputs_[0]), POLLIN, 0}, {idle(outputs_[1]), POLLIN, 0}};
  if ((ends[0].fd < 0 && ends[1].fd < 0 && ends[2].fd < 0) || ::poll(ends, 3, 0) < 0) return;
  input_.close_if_at_end(ends[0].revents);
  const bool hung_up[] = {(ends[1].revents & POLLHUP) != 0, (ends[2].revents & POLLHUP) != 0};
  // The kernel looks for bytes first and for the hang-up second, without a lock: only a look that begins after the
  // hang-up tells that there are none.
  if ((!hung_up[0] && !hung_up[1]) || ::poll(ends + 1, 2, 0) < 0) return;
  for (int i = 0; i < 2; ++i) {
    if (hung_up[i]) outputs_[i].close_if_at_end(ends[i + 1].revents);
  }
}

void Process::close() { end(true); }

void Process::end(bool kill) {
  if (closed_) return;
  if (!has_exited()) {
    if (kill) {
      child_->attach();
      child_->send_signal(SIGKILL);
    }
    loop_.orphan(*std::exchange(child_, nullptr));
  }
  closed_ = true;
  input_.shutdown();
  for (Reader& output : outputs_) output.shutdown();
  exit_channel_.finish(PIPE_ABORTED);
  finish_exit_watches(PIPE_ABORTED);
}

void Process::abandon() {
  closed_ = true;
  child_ = nullptr;  // the parent's to kill and to reap
  input_.shutdown();
  for (Reader& output : outputs_) output.shutdown();
  finish_exit_watches(PIPE_ABORTED);
}

}  // namespace pipe_core
