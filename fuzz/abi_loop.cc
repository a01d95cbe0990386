// Loops, their turns and their timers.
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <poll.h>
#include <string_view>

#include "abi_calls.h"

namespace {

bool is_readable(int fd) {
  pollfd readable = {fd, POLLIN, 0};
  return ::poll(&readable, 1, 0) == 1;
}

void set(const char* name, const char* value) {
  if (value != nullptr) {
    ::setenv(name, value, 1);
  } else {
    ::unsetenv(name);
  }
}

void open(Host& host, Input& input) {
  static constexpr size_t kLongest[] = {size_t{1} << 31, 1, 8, 100, 0};
  const size_t max_result = input.one_of(kLongest);
  const bool sigchld = input.once_in(4);
  set("PIPE_REAPER", sigchld ? "sigchld" : nullptr);
  set("PIPE_SPAWN", input.once_in(8) ? "fork" : nullptr);
  auto* place = host.loops.free_one();
  pipe_loop* loop = nullptr;
  if (place == nullptr || max_result == 0) {
    MUST(pipe_loop_open(max_result, max_result == 0 ? &loop : nullptr) == -EINVAL && loop == nullptr);
    return;
  }
  MUST(pipe_loop_open(max_result, &loop) == PIPE_OK && loop != nullptr);
  const std::string_view reaper = pipe_loop_reaper(loop);
  MUST(reaper == "sigchld" || (reaper == "pidfd" && !sigchld));
  *place = std::make_shared<HostLoop>();
  (*place)->handle = loop;
  (*place)->max_result = max_result;
}

void close(Host& host, Input& input) { host.free(host.loops.any(input)); }

void alive(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  MUST(pipe_loop_alive(raw(loop.get())) == (loop == nullptr ? 0 : 1));
}

// Who sleeps needs something that ends.
int choose_turn(Host& host, HostLoop& loop, Input& input) {
  const int turn = static_cast<int>(input.below(5)) - 1;
  const bool nothing_armed = loop.started.empty() && loop.timers.empty() && !loop.has_tokenless;
  if (turn != PIPE_TURN_SLEEP || nothing_armed) return turn;
  if (host.sleeps_left-- <= 0) return PIPE_TURN_LOOK;
  constexpr double kMs = 0.5;
  const uint32_t token = host.new_token();
  MUST(pipe_timer_start(loop.handle, kMs, token) == PIPE_OK);
  loop.timers[token] = 0;
  return turn;
}

void run(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  if (loop == nullptr) {
    MUST(pipe_loop_run(nullptr, PIPE_TURN_LOOK) == -EINVAL);
    return;
  }
  const int turn = choose_turn(host, *loop, input);
  const int answer = pipe_loop_run(loop->handle, turn);
  if (turn < PIPE_TURN_LOOK || turn > PIPE_TURN_GLANCE) {
    MUST(answer == -EINVAL);
    return;
  }
  const uint32_t token = pipe_loop_next(loop->handle);
  MUST(answer == (token != 0 ? 1 : 0));
  if (token != 0) loop->came_out(token);
}

void next(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  const uint32_t token = pipe_loop_next(raw(loop.get()));
  if (token != 0) loop->came_out(token);
}

void fd(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  const int fd = pipe_loop_fd(raw(loop.get()));
  if (loop == nullptr) {
    MUST(fd == -EINVAL);
    return;
  }
  MUST(fd > 2 && (loop->fd < 0 || fd == loop->fd));
  loop->fd = fd;
}

void wake(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  pipe_loop_wake(raw(loop.get()));
  if (loop != nullptr && loop->fd >= 0) MUST(is_readable(loop->fd));
}

void timeout(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  const double timeout = pipe_loop_timeout(raw(loop.get()));
  MUST(timeout == -1 || (loop != nullptr && timeout >= 0));
  if (loop != nullptr && !loop->timers.empty()) MUST(timeout >= 0);
}

void children(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  MUST(pipe_loop_children(raw(loop.get())) <= (loop == nullptr ? 0 : loop->spawned));
}

void reaper(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  MUST(std::string_view(pipe_loop_reaper(raw(loop.get()))).empty() == (loop == nullptr));
}

// New, that of a timer that is out, or none.
uint32_t choose_timer(Host& host, const HostLoop* loop, Input& input) {
  if (input.once_in(16)) return 0;
  if (loop == nullptr || loop->timers.empty() || !input.once_in(4)) return host.new_token();
  return loop->timers.begin()->first;
}

void start_timer(Host& host, Input& input) {
  static constexpr double kInfinite = std::numeric_limits<double>::infinity();
  static constexpr double kDelays[] = {
      0, 0.1, 1, 3, 1e9, 1e300, kInfinite, -1, std::numeric_limits<double>::quiet_NaN()};
  const auto& loop = host.loops.any(input);
  const double ms = input.one_of(kDelays);
  const uint32_t token = choose_timer(host, loop.get(), input);
  const double now = pipe_now();
  const int status = pipe_timer_start(raw(loop.get()), ms, token);
  if (loop == nullptr || !(ms >= 0) || token == 0) {
    MUST(status == -EINVAL);
    return;
  }
  if (loop->timers.contains(token)) {
    MUST(status == -EEXIST);
    return;
  }
  MUST(status == PIPE_OK);
  loop->timers[token] = now + ms;
}

// Also by tokens of what is no timer.
void stop_timer(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  uint32_t token = choose_timer(host, loop.get(), input);
  if (loop != nullptr && !loop->started.empty() && input.once_in(4)) token = loop->started.begin()->first;
  pipe_timer_stop(raw(loop.get()), token);
  if (loop != nullptr) loop->timers.erase(token);
}

void now(Host&, Input&) {
  const double before = pipe_now();
  MUST(before > 0 && pipe_now() >= before);
}

constexpr Call kCalls[] = {
    {"pipe_loop_open", open},
    {"pipe_loop_close", close},
    {"pipe_loop_alive", alive},
    {"pipe_loop_run", run},
    {"pipe_loop_next", next},
    {"pipe_loop_fd", fd},
    {"pipe_loop_wake", wake},
    {"pipe_loop_timeout", timeout},
    {"pipe_loop_children", children},
    {"pipe_loop_reaper", reaper},
    {"pipe_timer_start", start_timer},
    {"pipe_timer_stop", stop_timer},
    {"pipe_now", now},
};

}  // namespace

std::span<const Call> loop_calls() { return kCalls; }
