// A fork of the host: in the copy everything inherited answers that it is dead, and the host notices nothing.
#include <cerrno>
#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

#include "abi_calls.h"

namespace {

void check_dead_output(const HostProcess& process, int channel) {
  pipe_slice slice = {};
  const int status = process.stream(channel);
  MUST(pipe_read(process.handle, channel, PIPE_READ_LINE, 0, &slice) == (status == PIPE_OK ? PIPE_CLOSED : status));
  MUST((pipe_buffered_bytes(process.handle, channel) != nullptr) == (status == PIPE_OK));
}

void check_dead(HostProcess& process) {
  pipe_exit exit = {};
  double written = 0;
  const int status = process.stream(PIPE_STDIN);
  MUST(pipe_write(process.handle, nullptr, 0, &written) == (status == PIPE_OK ? PIPE_CLOSED : status));
  for (const int channel : {PIPE_STDOUT, PIPE_STDERR}) check_dead_output(process, channel);
  MUST(pipe_wait(process.handle, &exit) == PIPE_EXITED);
  MUST(pipe_kill(process.handle, SIGKILL) == PIPE_EXITED);
  MUST(pipe_process_pid(process.handle) == process.pid);
}

// The loop that is opened then is the copy's own.
void check_new_loop() {
  pipe_loop* loop = nullptr;
  MUST(pipe_loop_open(1, &loop) == PIPE_OK);
  MUST(pipe_timer_start(loop, 0, 1) == PIPE_OK);
  MUST(pipe_loop_run(loop, PIPE_TURN_SLEEP) == 1 && pipe_loop_next(loop) == 1);
  pipe_loop_close(loop);
}

void check_dead_signals(pipe_loop* loop) {
  uint32_t count = 1;
  MUST(pipe_signal_watch(loop, SIGWINCH) == -ECHILD);
  MUST(pipe_signal_start(loop, 1) == -ECHILD);
  MUST(pipe_signal_next(loop, &count) == 0 && count == 0);
  pipe_signal_unwatch(loop, SIGWINCH);
  pipe_signal_cancel(loop);
}

void be_the_copy(Host& host, size_t order) {
  for (const auto& loop : host.loops.all) {
    if (loop == nullptr) continue;
    MUST(pipe_loop_alive(loop->handle) == 0);
    MUST(pipe_loop_run(loop->handle, PIPE_TURN_SLEEP) == -ECHILD);
    pipe_loop_wake(loop->handle);
    check_dead_signals(loop->handle);
    loop->take_tokens();
  }
  for (const auto& process : host.processes.all) {
    if (process != nullptr) check_dead(*process);
  }
  for (const auto& family : host.families.all) {
    if (family != nullptr) MUST(pipe_family_signal(family->handle, SIGKILL) == PIPE_EXITED);
    MUST(pipe_family_living(raw(family.get())) == 0);
  }
  check_new_loop();
  host.free_all(order);
}

void fork_host(Host& host, Input& input) {
  if (host.forks_left-- <= 0) return;
  const size_t order = input.byte();
  const pid_t copy = ::fork();
  MUST(copy >= 0);
  if (copy == 0) {
    be_the_copy(host, order);
    ::_exit(0);
  }
  int status = -1;
  while (::waitpid(copy, &status, 0) < 0) MUST(errno == EINTR);
  MUST(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

constexpr Call kCalls[] = {{"fork", fork_host}};

}  // namespace

std::span<const Call> fork_calls() { return kCalls; }
