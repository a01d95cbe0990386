// A child as a whole: its end by the host, its signals, its terminal, what it has used.
#include <cerrno>
#include <csignal>

#include "abi_calls.h"

namespace {

void pid(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  MUST(pipe_process_pid(raw(process.get())) == (process == nullptr ? -1 : process->pid));
}

// Who waits is told at once.
void close(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  pipe_process_close(raw(process.get()));
  if (process == nullptr) return;
  process->closed = process->harmed = true;
  for (HostOutput& output : process->outputs) output.shut = true;
  if (process->loop->handle == nullptr) return;
  process->loop->take_tokens();
  for (int channel = PIPE_STDIN; channel <= PIPE_EXIT; ++channel) {
    const Awaited* awaited = process->awaited(channel);
    if (awaited != nullptr) MUST(awaited->state != Awaited::State::kStarted);
  }
  for (const auto& watch : host.watches.all) {
    if (watch != nullptr && watch->process == process.get()) MUST(watch->watch.state != Awaited::State::kStarted);
  }
}

void free(Host& host, Input& input) { host.free(host.processes.any(input)); }

void kill(Host& host, Input& input) {
  static constexpr int kSignals[] = {0, SIGTERM, SIGKILL, SIGSTOP, SIGCONT, SIGHUP, SIGUSR1, 32, 64, 65, -1};
  const auto& process = host.processes.any(input);
  const int signum = input.one_of(kSignals);
  const int status = pipe_kill(raw(process.get()), signum);
  if (process == nullptr) {
    MUST(status == -EINVAL);
  } else if (signum < 0 || signum > 64) {
    MUST(status == PIPE_INVALID_SIGNAL);
  } else if (process->closed || process->told || process->seen_exit) {
    MUST(status == PIPE_EXITED);
  } else {
    MUST(status == PIPE_OK || status == PIPE_EXITED);
    if (signum != 0) process->harmed = true;
  }
}

void resize(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  const int rows = static_cast<int>(input.size()) - 1;
  const int status = pipe_resize(raw(process.get()), rows, static_cast<int>(input.byte()));
  if (process == nullptr) {
    MUST(status == -EINVAL);
  } else if (!process->terminal) {
    MUST(status == PIPE_NOT_A_PIPE);
  } else {
    MUST(status == (process->closed ? PIPE_CLOSED : PIPE_OK) || status == PIPE_CLOSED);
  }
}

void rusage(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  pipe_usage usage = {};
  const bool nowhere = input.once_in(16);
  const int status = pipe_rusage(raw(process.get()), nowhere ? nullptr : &usage);
  if (process == nullptr || nowhere) {
    MUST(status == -EINVAL);
    return;
  }
  MUST(status == PIPE_OK || status == PIPE_RUNNING || status == PIPE_EXITED);
  if (status == PIPE_OK) MUST(usage.utime >= 0 && usage.stime >= 0 && usage.maxrss > 0);
  if (status == PIPE_EXITED) MUST(process->closed);
  if (status == PIPE_RUNNING) MUST(!process->closed && !process->told && !process->seen_exit);
}

constexpr Call kCalls[] = {
    {"pipe_process_pid", pid}, {"pipe_process_close", close}, {"pipe_process_free", free},
    {"pipe_kill", kill},       {"pipe_resize", resize},       {"pipe_rusage", rusage},
};

}  // namespace

std::span<const Call> process_calls() { return kCalls; }
