#include "reaper.h"

#include <cstdlib>
#include <cstring>
#include <new>

namespace pipe_core {

// How often a child is asked for while no event can be trusted to tell of it: a host may have replaced our SIGCHLD
// handler, and a traced child is dead for its tracer first.
static constexpr uint64_t kAskEveryMs = 100;

std::unique_ptr<Reaper> Reaper::choose(EventSet& events, uv_loop_t* loop, ReapTarget& target) {
  const char* wish = std::getenv("PIPE_REAPER");
  const bool forced = wish != nullptr && std::strcmp(wish, "sigchld") == 0;
  if (!forced && PidfdReaper::supported()) return std::make_unique<PidfdReaper>(events, loop, target);
  return std::make_unique<SigchldReaper>(events, loop, target);
}

int Asker::add(Child& child) {
  if (!timer_) {
    const int status = timer_.open(this, [this](uv_timer_t* timer) { return uv_timer_init(loop_, timer); });
    if (status < 0) return status;
  }
  try {
    children_.emplace(child.pid(), &child);
  } catch (const std::bad_alloc&) {
    return UV_ENOMEM;
  }
  const auto ask = [](uv_timer_t* timer) { static_cast<Asker*>(timer->data)->ask_all(); };
  return uv_timer_start(timer_.get(), ask, 0, kAskEveryMs);
}

void Asker::remove(Child& child) {
  children_.erase(child.pid());
  if (children_.empty() && timer_) uv_timer_stop(timer_.get());
}

void Asker::ask_all() {
  // A reaped child removes itself, and may bring others down with it: find the place again by pid.
  for (auto at = children_.begin(); at != children_.end();) {
    const pid_t pid = at->first;
    target_.reap(*at->second);
    at = children_.upper_bound(pid);
  }
}

}  // namespace pipe_core
