// Reads without a token of their own: the wait for the exit tells of them.
#include <cerrno>

#include "abi_calls.h"

namespace {

using State = Awaited::State;

void start_beside(Host& host, Input& input) {
  static constexpr int kChannels[] = {PIPE_STDOUT, PIPE_STDERR, PIPE_STDIN, PIPE_EXIT, -1};
  const auto& process = host.processes.any(input);
  const int channel = input.one_of(kChannels);
  const int status = pipe_start_beside_exit(raw(process.get()), channel);
  const bool is_output = channel == PIPE_STDOUT || channel == PIPE_STDERR;
  Awaited* read = process == nullptr || !is_output ? nullptr : process->awaited(channel);
  if (read == nullptr || read->idle()) {
    MUST(status == -EINVAL);
  } else if (read->state != State::kHeld) {
    MUST(status == PIPE_BUSY);
  } else {
    MUST(status == PIPE_OK);
    *read = {State::kBeside};
    process->beside = process->loop->has_tokenless = true;
  }
}

constexpr Call kCalls[] = {{"pipe_start_beside_exit", start_beside}};

}  // namespace

std::span<const Call> beside_calls() { return kCalls; }
