// The host's own signals: each loop that watches one is told each arrival, once.
#include <cerrno>
#include <climits>
#include <csignal>
#include <unistd.h>

#include "abi_calls.h"

namespace {

using State = Awaited::State;

// Those that are sent; SIGRTMIN (34) would end a host that does not watch it, the other two are ignored then.
constexpr int kSent[] = {SIGWINCH, SIGURG, 34};
// Children send this one as often as they like.
constexpr int kUncounted = SIGCHLD;

int choose_signal(Input& input) {
  static constexpr int kSignals[] = {SIGWINCH, SIGURG, 34, SIGCHLD, SIGKILL, SIGSTOP, SIGSEGV, 32, 65, 0, -1, INT_MAX};
  return input.one_of(kSignals);
}

bool is_watchable(int signum) { return signum == kUncounted || std::ranges::find(kSent, signum) != std::end(kSent); }

void catchable(Host&, Input& input) {
  const int signum = choose_signal(input);
  MUST(pipe_signal_catchable(signum) == (is_watchable(signum) ? 1 : 0));
}

void watch(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  const int signum = choose_signal(input);
  const int status = pipe_signal_watch(raw(loop.get()), signum);
  MUST(status == (loop == nullptr || !is_watchable(signum) ? -EINVAL : PIPE_OK));
  if (status == PIPE_OK) loop->signals.untold.try_emplace(signum, 0);
}

void unwatch(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  const int signum = choose_signal(input);
  pipe_signal_unwatch(raw(loop.get()), signum);
  if (loop == nullptr) return;
  loop->signals.untold.erase(signum);
  loop->signals.due.erase(signum);
}

void start(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  const uint32_t token = input.once_in(16) ? 0 : host.new_token();
  const int status = pipe_signal_start(raw(loop.get()), token);
  if (loop == nullptr) {
    MUST(status == -EINVAL);
    return;
  }
  Awaited& arrival = loop->signals.arrival;
  if (arrival.state == State::kStarted) {
    MUST(status == PIPE_BUSY);
    return;
  }
  MUST(status == (token == 0 ? -EINVAL : PIPE_OK));
  if (token != 0) loop->start(arrival, token, false);
}

void cancel(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  pipe_signal_cancel(raw(loop.get()));
  if (loop != nullptr) loop->forget(loop->signals.arrival);
}

// What had come when a pass began has been told when it ends.
void end_pass(HostSignals& signals) {
  for (const auto& [signum, count] : signals.due) MUST(count == 0 || signum == kUncounted);
  signals.in_pass = false;
}

void next(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  const bool nowhere = input.once_in(16);
  uint32_t count = 1;
  const int signum = pipe_signal_next(raw(loop.get()), nowhere ? nullptr : &count);
  if (nowhere || loop == nullptr) {
    MUST(signum == 0);
    return;
  }
  HostSignals& signals = loop->signals;
  if (!std::exchange(signals.in_pass, true)) signals.due = signals.untold;
  MUST((signum != 0) == (count != 0));
  if (signum == 0) return end_pass(signals);
  MUST(signals.untold.contains(signum));
  if (signum == kUncounted) return;
  uint32_t& untold = signals.untold[signum];
  MUST(count <= untold);
  untold -= count;
  signals.due[signum] -= std::min(count, signals.due[signum]);
}

void send(Host& host, Input& input) {
  if (input.once_in(8)) {
    MUST(pipe_signal_send(INT_MAX, 0) == -ESRCH);
    MUST(pipe_signal_send(::getpid(), 65) == -EINVAL);
    return;
  }
  const int signum = input.one_of(kSent);
  const auto watches = [signum](const auto& loop) { return loop != nullptr && loop->signals.untold.contains(signum); };
  if (signum >= SIGRTMIN && std::ranges::none_of(host.loops.all, watches)) return;
  // Before it returns, the only thread that may be interrupted has been.
  MUST(pipe_signal_send(::getpid(), signum) == PIPE_OK);
  for (const auto& loop : host.loops.all) {
    if (watches(loop)) ++loop->signals.untold[signum];
  }
}

constexpr Call kCalls[] = {
    {"pipe_signal_catchable", catchable}, {"pipe_signal_watch", watch},   {"pipe_signal_unwatch", unwatch},
    {"pipe_signal_start", start},         {"pipe_signal_cancel", cancel}, {"pipe_signal_next", next},
    {"pipe_signal_send", send},
};

}  // namespace

std::span<const Call> signal_calls() { return kCalls; }
