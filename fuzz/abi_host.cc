#include "abi_host.h"

#include <cerrno>

bool Awaited::fetches(int answer) const {
  return state == State::kOut || ((state == State::kStarted || state == State::kBeside) && answer != -EINVAL);
}

void HostLoop::start(Awaited& awaited, uint32_t token, bool timed) {
  awaited = {Awaited::State::kStarted, token, timed};
  started[token] = &awaited;
}

void HostLoop::forget(Awaited& awaited) {
  if (awaited.state == Awaited::State::kStarted) started.erase(awaited.token);
  awaited.state = Awaited::State::kIdle;
}

void HostLoop::came_out(uint32_t token) {
  if (const auto timer = timers.find(token); timer != timers.end()) {
    constexpr double kRounding = 0.001;
    MUST(pipe_now() + kRounding >= timer->second);
    timers.erase(timer);
    return;
  }
  const auto ended = started.find(token);
  MUST(ended != started.end());  // each once, and none that was cancelled
  ended->second->state = Awaited::State::kOut;
  started.erase(ended);
}

void HostLoop::take_tokens() {
  while (const uint32_t token = pipe_loop_next(handle)) came_out(token);
}

void HostOutput::take_shown() {
  if (std::exchange(shown, false) && known) rest.erase(0, will_take);
}

// What is shown stays as it was; what is lent are the next bytes, and nothing is lent while somebody reads.
void HostOutput::check() const {
  if (shown) MUST(std::string_view(slice.data, slice.size) == shown_bytes);
  if (lent == nullptr) return;
  MUST(lent->size >= 0);
  if (!read.idle() || shown || shut) MUST(lent->size == 0);
  const std::string bytes(lent->data == nullptr ? "" : lent->data, static_cast<size_t>(lent->size));
  if (known) MUST(rest.starts_with(bytes));
}

void HostWrite::release() {
  slices.reset();
  bytes.clear();
}

int HostProcess::stream(int channel) const {
  if (channel < PIPE_STDIN || channel > PIPE_STDERR) return -EINVAL;
  if (channel == PIPE_STDERR && merged) return PIPE_MERGED;
  return has_end[channel] ? PIPE_OK : PIPE_NOT_A_PIPE;
}

Awaited* HostProcess::awaited(int channel) {
  if (channel == PIPE_EXIT) return &wait;
  if (stream(channel) != PIPE_OK) return nullptr;
  return channel == PIPE_STDIN ? &input.write : &output(channel).read;
}

void HostProcess::cancel(int channel) {
  pipe_cancel(handle, channel);
  Awaited* cancelled = awaited(channel);
  if (cancelled == nullptr) return;
  loop->forget(*cancelled);
  if (channel == PIPE_STDIN) input.release();
  if (channel == PIPE_STDOUT || channel == PIPE_STDERR) output(channel).shown = false;
}

void HostProcess::saw_exit(const pipe_exit& exit) {
  if (seen_exit) MUST(seen_exit->signaled == exit.signaled && seen_exit->status == exit.status);
  if (!harmed) MUST(ends && exit.signaled == own_exit.signaled && exit.status == own_exit.status);
  seen_exit = exit;
}

void Host::check() const {
  for (const auto& process : processes.all) {
    if (process == nullptr) continue;
    for (const HostOutput& output : process->outputs) output.check();
  }
}

void Host::free(std::shared_ptr<HostLoop>& place) {
  pipe_loop_close(raw(place.get()));
  if (place != nullptr) place->handle = nullptr;
  place.reset();
}

void Host::free(std::shared_ptr<HostProcess>& place) {
  const std::shared_ptr<HostProcess> process = std::exchange(place, nullptr);
  if (process == nullptr) return pipe_process_free(nullptr);
  for (int channel = PIPE_STDIN; channel <= PIPE_EXIT; ++channel) process->cancel(channel);
  if (process->detached && !process->closed) left_alive.insert(process->pid);
  pipe_process_free(process->handle);
  if (process->loop->handle != nullptr) process->loop->take_tokens();
  for (const auto& watch : watches.all) {
    if (watch == nullptr || watch->process != process.get()) continue;
    watch->process = nullptr;
    MUST(watch->loop->handle == nullptr || watch->watch.state != Awaited::State::kStarted);
  }
}

void Host::free(std::shared_ptr<HostWatch>& place) {
  pipe_exit_watch_free(raw(place.get()));
  if (place != nullptr) place->loop->forget(place->watch);
  place.reset();
}

void Host::free(std::shared_ptr<HostFamily>& place) {
  pipe_family_free(raw(place.get()));
  place.reset();
}

void Host::free(std::shared_ptr<HostJoint>& place) {
  pipe_joint_free(raw(place.get()));
  place.reset();
}

void Host::free_all(size_t order) {
  const auto free_each = [this](auto& places) {
    for (auto& place : places.all) free(place);
  };
  constexpr size_t kKinds = 5;
  const size_t step = 1 + order / kKinds % (kKinds - 1);
  for (size_t i = 0; i < kKinds; ++i) {
    switch ((order + i * step) % kKinds) {
      case 0:
        free_each(processes);
        break;
      case 1:
        free_each(watches);
        break;
      case 2:
        free_each(loops);
        break;
      case 3:
        free_each(families);
        break;
      default:
        free_each(joints);
    }
  }
}
