// A child and its descendants, signalled together.
#include <cerrno>
#include <csignal>

#include "abi_calls.h"

namespace {

void open(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  auto* place = host.families.free_one();
  if (place == nullptr || process == nullptr) {
    pipe_family* none = nullptr;
    MUST(pipe_family_open(raw(process.get()), process == nullptr ? &none : nullptr) == -EINVAL && none == nullptr);
    return;
  }
  if (host.families_left-- <= 0) return;
  pipe_family* family = nullptr;
  const int status = pipe_family_open(process->handle, &family);
  MUST((status == PIPE_OK || status == PIPE_EXITED) && (status == PIPE_OK) == (family != nullptr));
  if (process->closed || process->seen_exit) MUST(status == PIPE_EXITED);
  if (status != PIPE_OK) return;
  *place = std::make_shared<HostFamily>();
  (*place)->handle = family;
  (*place)->pid = process->pid;
}

void signal(Host& host, Input& input) {
  static constexpr int kSignals[] = {0, SIGTERM, SIGKILL, SIGSTOP, SIGCONT, SIGTSTP, 64, 65, -1};
  const auto& family = host.families.any(input);
  const int signum = input.one_of(kSignals);
  const int status = pipe_family_signal(raw(family.get()), signum);
  if (family == nullptr) {
    MUST(status == -EINVAL);
  } else if (signum < 0 || signum > 64) {
    MUST(status == PIPE_INVALID_SIGNAL);
  } else {
    MUST(status == PIPE_OK || status == PIPE_EXITED);
  }
  if (family == nullptr || signum == 0) return;
  for (const auto& process : host.processes.all) {
    if (process != nullptr && process->pid == family->pid) process->harmed = true;
  }
}

void living(Host& host, Input& input) {
  constexpr size_t kMost = 8;  // a child forks at most so often
  const auto& family = host.families.any(input);
  MUST(pipe_family_living(raw(family.get())) <= (family == nullptr ? 0 : kMost));
}

void free(Host& host, Input& input) { host.free(host.families.any(input)); }

constexpr Call kCalls[] = {
    {"pipe_family_open", open},
    {"pipe_family_signal", signal},
    {"pipe_family_living", living},
    {"pipe_family_free", free},
};

}  // namespace

std::span<const Call> family_calls() { return kCalls; }
