#include "loop.h"

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <new>
#include <poll.h>
#include <sys/eventfd.h>

#include "host.h"
#include "process.h"

namespace pipe_core {
namespace {

// How long the end of a loop or of the host may wait for children that have been sent SIGKILL; and how often it looks
// at least, since a host that gets no processor for a second has not waited for them.
constexpr auto kReapingTakesAtMost = std::chrono::seconds(1);
constexpr int kLooksAtLeast = 100;

// Before libuv opens its descriptors: it aborts the host when it meets EMFILE, so see that there are enough; and it
// would take 0, 1 or 2 if they are free, so hold these until it has its own.
class DescriptorProbe {
 public:
  int take() {
    size_t above_stdio = 0;
    for (auto& probe : probes_) {
      probe.reset(::eventfd(0, EFD_CLOEXEC));
      if (!probe) return -errno;
      if (probe.get() > STDERR_FILENO && ++above_stdio == kNeeded) break;
    }
    return 0;
  }
  void keep_only_stdio() {
    for (auto& probe : probes_) {
      if (probe.get() > STDERR_FILENO) probe.reset();
    }
  }

 private:
  static constexpr size_t kNeeded = 8;
  UniqueFd probes_[kNeeded + 3];
};

}  // namespace

int Loop::open(size_t max_result, Loop** loop) {
  std::unique_ptr<Loop, void (*)(Loop*)> opened(new Loop(max_result), [](Loop* failed) { delete failed; });
  if (const int status = opened->init(); status < 0) return status;
  if (const int status = Host::add(*opened); status < 0) return status;
  *loop = opened.release();
  return 0;
}

int Loop::init() {
  if ((state_.generation = ForkGuard::generation()) == 0) return UV_ENOMEM;
  if (const int status = events_.open(); status < 0) return status;
  DescriptorProbe probe;
  if (const int status = probe.take(); status < 0) return status;
  probe.keep_only_stdio();
  if (const int status = uv_loop_init(&uv_); status < 0) return status;
  uv_.data = &state_;
  initialized_ = true;
  const auto ready = [](void* loop, uint32_t) { static_cast<Loop*>(loop)->uv_is_ready_ = true; };
  if (const int status = events_.add(uv_backend_fd(&uv_), EPOLLIN, ready, this); status < 0) return status;
  reaper_ = Reaper::choose(events_, &uv_, *this);
  return spawner_.open(uv_backend_fd(&uv_));
}

Loop::~Loop() {
  if (!initialized_) return;
  const bool is_copy = inherited();
  if (is_copy) {
    abandon();
  } else {
    kill_children();
    await_children();
  }
  tree_.for_each([this](Child& child) {
    tree_.remove(child);
    delete &child;
  });
  if (is_copy) return;  // libuv's memory is lost: it could be had only by what changes the parent's epoll set
  reaper_.reset();
  while (uv_run(&uv_, UV_RUN_DEFAULT) != 0) {
  }
  uv_loop_close(&uv_);
}

void Loop::unref() {
  if (--references_ > 0) return;
  Host::remove(*this);
  delete this;
}

void Loop::operation_started() {
  ++waiting_;
  started_something();
}

// A timer is seen, and libuv's watch of a signal handed to the kernel, in the next turn: a foreign event loop has to
// take one.
void Loop::started_something() {
  if (!turning_) foreign_.wake();
}

void Loop::push_finished(Operation& operation) {
  finished_.push(operation);
  if (!turning_) foreign_.wake();
}

void Loop::run(bool block) {
  if (inherited()) return;
  foreign_.clear_wake();
  const bool sleep = block && finished_.empty() && waiting_ > 0;
  turn(sleep ? until_next() : 0);
  if (foreign_.is_open()) foreign_.set_timer(until_due());
}

void Loop::glance() {
  constexpr uint64_t kAMoment = 50000;  // ns: some hundred switches of light threads, or a hundred system calls
  if (Deadlines::now() - looked_at_ >= kAMoment) run(false);
}

void Loop::turn(int timeout_ms) {
  struct Turning {
    explicit Turning(bool& set) : turning(set) { turning = true; }
    Turning(const Turning&) = delete;
    Turning& operator=(const Turning&) = delete;
    ~Turning() { turning = false; }
    bool& turning;
  };
  const Turning turning(turning_);
  if (unwatched_orphans_) watch_orphans();
  events_.wait(timeout_ms);
  looked_at_ = Deadlines::now();
  deadlines_.expire();
  // libuv never sleeps: it is called for what the reapers ask of it only, its timer and its signals.
  if (uv_is_ready_ || until_uv() == 0) uv_run(&uv_, UV_RUN_NOWAIT);
  uv_is_ready_ = false;
}

double Loop::timeout() {
  // libuv answers 0 also for what nobody waits for: a handle that is being closed, a watch that the kernel has not been
  // told of yet. After a turn 0 means that something is due.
  if (until_uv() == 0 && finished_.empty()) run(false);
  return until_due();
}

uint32_t Loop::next_finished() {
  const Operation* ended = finished_.pop();
  if (ended == nullptr) return 0;
  const uint32_t token = ended->token();
  timers_.ended(*ended);
  return token;
}

int Loop::until_due() {
  if (inherited()) return Deadlines::kNever;
  return finished_.empty() ? until_next() : 0;
}

int Loop::until_next() {
  const int uv = until_uv();
  const int deadline = deadlines_.until_next();
  return uv < 0 || deadline < 0 ? std::max(uv, deadline) : std::min(uv, deadline);
}

int Loop::until_uv() {
  if (inherited() || uv_loop_alive(&uv_) == 0) return -1;
  uv_update_time(&uv_);
  return uv_backend_timeout(&uv_);
}

void Loop::adopt(std::unique_ptr<Child> child) {
  Child* former;
  {
    const std::lock_guard<std::mutex> lock(Host::mutex());
    former = tree_.insert(*child.release());
  }
  if (former == nullptr) return;
  // Its pid is free again, so somebody else has reaped it (the kernel, where the host ignores SIGCHLD), and nobody has
  // asked for it since. Not by try_reap(): without a pidfd that would ask for the new child.
  ExitStatus status;
  static_cast<void>(former->find_lost_status(&status));
  forget(*former, status);
}

bool Loop::reap(Child& child) {
  ExitStatus status;
  {
    // Under the lock, so that the exit handler never signals a pid that has become a stranger's.
    const std::lock_guard<std::mutex> lock(Host::mutex());
    if (!child.try_reap(&status)) return false;
    tree_.remove(child);
  }
  forget(child, status);
  return true;
}

// It is in the tree no more.
void Loop::forget(Child& child, const ExitStatus& status) {
  reaper_->unwatch(child);
  if (child.owner != nullptr) {
    child.owner->exited(status);
  } else {
    --orphans_;
  }
  delete &child;
}

int Loop::watch(Child& child) {
  const int status = reaper_->watch(child);
  started_something();
  return status;
}

void Loop::orphan(Child& child) {
  child.owner = nullptr;
  ++orphans_;
  watch_orphan(child);
}

// Where there is no memory for it, the loop's next turn tries again.
void Loop::watch_orphan(Child& child) {
  if (!reap(child) && watch(child) < 0) unwatched_orphans_ = true;
}

void Loop::watch_orphans() {
  unwatched_orphans_ = false;
  tree_.for_each([this](Child& child) {
    if (child.owner == nullptr) watch_orphan(child);
  });
}

void Loop::reap_orphans() {
  if (orphans_ == 0) return;
  tree_.for_each([this](Child& child) {
    if (child.owner == nullptr) reap(child);
  });
}

void Loop::kill_children() {
  tree_.for_each([](Child& child) {
    ExitStatus status;
    if (!child.detached() && !child.try_reap(&status)) child.send_signal(SIGKILL);
  });
}

void Loop::await_children() {
  const auto deadline = std::chrono::steady_clock::now() + kReapingTakesAtMost;
  int looks = 0;
  tree_.for_each([&](Child& child) {
    ExitStatus status;
    while (!child.try_reap(&status)) {
      // Bounded: a child in an uninterruptible sleep, or a traced one, may outlast even SIGKILL.
      if (child.detached() || (++looks > kLooksAtLeast && std::chrono::steady_clock::now() >= deadline)) return;
      pollfd exit = {child.pidfd(), POLLIN, 0};
      ::poll(&exit, 1, 1);
    }
  });
}

void Loop::abandon() {
  if (abandoned_) return;
  abandoned_ = true;
  // First: what is aborted below must neither wake the parent nor leave its set.
  foreign_.close();
  events_.close();
  Process* process;
  TAILQ_FOREACH(process, &processes_, loop_link) process->abandon();
  tree_.for_each([](Child& child) { child.abandon(); });
  reaper_->abandon();
  signals_.abandon();
  spawner_.close();
  // Only our copy of the number: the epoll set itself stays the parent's.
  ::close(uv_backend_fd(&uv_));
}

// When another thread forks the host at any moment, the copy must find nothing there that is not whole.
void Loop::add(Process& process) {
  std::atomic_signal_fence(std::memory_order_release);
  TAILQ_INSERT_TAIL(&processes_, &process, loop_link);
}

void Loop::remove(Process& process) {
  TAILQ_REMOVE(&processes_, &process, loop_link);
  std::atomic_signal_fence(std::memory_order_release);
}

}  // namespace pipe_core
