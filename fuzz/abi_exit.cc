// The exit: waiting for it, asking for it, watching for it.
#include <cerrno>

#include "abi_calls.h"

namespace {

using State = Awaited::State;

void wait(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  pipe_exit exit = {};
  const bool nowhere = input.once_in(32);
  const int outcome = pipe_wait(raw(process.get()), nowhere ? nullptr : &exit);
  if (nowhere || process == nullptr) {
    MUST(outcome == -EINVAL);
  } else if (process->told || process->closed) {
    MUST(outcome == PIPE_EXITED);
  } else if (!process->wait.idle()) {
    MUST(outcome == PIPE_BUSY);
  } else if (outcome == PIPE_AGAIN) {
    MUST(!process->seen_exit);
    process->wait.state = State::kHeld;
  } else {
    MUST(outcome == PIPE_OK);
    process->told = true;
    process->saw_exit(exit);
  }
}

void wait_result(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  pipe_exit exit = {};
  const bool nowhere = input.once_in(32);
  const int outcome = pipe_wait_result(raw(process.get()), nowhere ? nullptr : &exit);
  if (nowhere || process == nullptr || !process->wait.fetches(outcome)) {
    MUST(outcome == -EINVAL);
    return;
  }
  MUST(outcome == PIPE_OK || (outcome == PIPE_TIMEOUT && process->wait.timed) ||
       (outcome == PIPE_ABORTED && process->closed) || (outcome == PIPE_RUNNING && process->beside));
  process->loop->forget(process->wait);
  if (outcome != PIPE_OK) return;
  process->told = true;
  process->saw_exit(exit);
}

void try_wait(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  pipe_exit exit = {};
  const bool nowhere = input.once_in(32);
  const int outcome = pipe_try_wait(raw(process.get()), nowhere ? nullptr : &exit);
  if (nowhere || process == nullptr) {
    MUST(outcome == -EINVAL);
  } else if (outcome == PIPE_OK) {
    process->saw_exit(exit);
  } else {
    MUST(outcome == (process->closed ? PIPE_EXITED : PIPE_RUNNING) && !process->seen_exit);
  }
}

void start_watch(Host& host, Input& input) {
  static constexpr uint32_t kTimeouts[] = {0, 1, ~uint32_t{0}};
  const auto& process = host.processes.any(input);
  auto* place = host.watches.free_one();
  const uint32_t timeout_ms = input.one_of(kTimeouts);
  const uint32_t token = input.once_in(16) ? 0 : host.new_token();
  pipe_exit_watch* watch = nullptr;
  const int status = pipe_exit_watch_start(raw(process.get()), timeout_ms, token, place == nullptr ? nullptr : &watch);
  if (place == nullptr || process == nullptr || token == 0) {
    MUST(status == -EINVAL && watch == nullptr);
    return;
  }
  MUST(status == PIPE_OK && watch != nullptr);
  *place = std::make_shared<HostWatch>();
  HostWatch& made = **place;
  made.handle = watch;
  made.loop = process->loop;
  made.process = process.get();
  made.loop->start(made.watch, token, timeout_ms == 1);
}

void watch_result(Host& host, Input& input) {
  const auto& watch = host.watches.any(input);
  const int outcome = pipe_exit_watch_result(raw(watch.get()));
  if (watch == nullptr || !watch->watch.fetches(outcome)) {
    MUST(outcome == -EINVAL);
    return;
  }
  const HostProcess* process = watch->process;
  MUST(outcome == PIPE_OK || (outcome == PIPE_TIMEOUT && watch->watch.timed) ||
       (outcome == PIPE_ABORTED && (process == nullptr || process->closed)));
  if (outcome == PIPE_OK && process != nullptr) {
    pipe_exit exit = {};
    MUST(pipe_try_wait(process->handle, &exit) == PIPE_OK);
  }
  watch->loop->forget(watch->watch);
}

void free_watch(Host& host, Input& input) { host.free(host.watches.any(input)); }

constexpr Call kCalls[] = {
    {"pipe_wait", wait},
    {"pipe_wait_result", wait_result},
    {"pipe_try_wait", try_wait},
    {"pipe_exit_watch_start", start_watch},
    {"pipe_exit_watch_result", watch_result},
    {"pipe_exit_watch_free", free_watch},
};

}  // namespace

std::span<const Call> exit_calls() { return kCalls; }
