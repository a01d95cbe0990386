#include "self_pipe.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <mutex>
#include <new>
#include <sched.h>

namespace pipe_core {

// Subscribers form a list that only grows, so that the handler can walk it without a lock. A free one is used again.
struct SelfPipe::Subscriber {
  std::atomic<uint64_t> signals{0};  // a bit for each signal that is watched
  std::atomic<int> write_end{-1};
  std::atomic<uint32_t> arrived[kSignals]{};
  std::atomic<bool> taken{false};
  Subscriber* next = nullptr;
};

namespace {

using Subscriber = SelfPipe::Subscriber;

struct Disposition {
  struct sigaction before = {};
  int watchers = 0;
  bool buried = false;  // somebody put a handler over ours and may still call it
};

std::atomic<Subscriber*> subscribers{nullptr};
std::atomic<int> handlers_running{0};
std::atomic<pid_t> owner{0};
Disposition dispositions[SelfPipe::kSignals];

std::mutex& dispositions_mutex() {
  static auto* mutex = new std::mutex;  // never destroyed: exit handlers may still need it
  return *mutex;
}

constexpr uint64_t bit(int signum) { return uint64_t{1} << (signum - 1); }

void call_previous(int signum, siginfo_t* info, void* context) {
  const struct sigaction& before = dispositions[signum].before;
  if ((before.sa_flags & SA_SIGINFO) != 0) {
    if (before.sa_sigaction != nullptr) before.sa_sigaction(signum, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(signum);
  }
}

void on_signal(int signum, siginfo_t* info, void* context) {
  const int saved_errno = errno;
  handlers_running.fetch_add(1);
  // A fork of the host inherits handler and pipe; its signals are not its parent's.
  if (::getpid() == owner.load(std::memory_order_relaxed)) {
    for (Subscriber* each = subscribers.load(); each != nullptr; each = each->next) {
      if ((each->signals.load() & bit(signum)) == 0) continue;
      each->arrived[signum].fetch_add(1);
      // A full pipe is harmless: a byte is there, so the loop will wake, and the counters say what came.
      static_cast<void>(!::write(each->write_end.load(), "", 1));
    }
  }
  handlers_running.fetch_sub(1);
  call_previous(signum, info, context);
  errno = saved_errno;
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_signal;
}

bool is_ignored(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) == 0 && action.sa_handler == SIG_IGN;
}

// In a fork of the host the parent's loops do not live on: nothing may be written where their pipes were.
void forget_parent() {
  const pid_t self = ::getpid();
  if (owner.exchange(self) == self) return;
  for (Subscriber* each = subscribers.load(); each != nullptr; each = each->next) {
    each->signals = 0;
    each->write_end = -1;
    each->taken = false;
  }
  for (Disposition& disposition : dispositions) disposition.watchers = 0;
}

// Under a handler that somebody put over ours we stay where we are: it may call ours, and ours on top of it would call
// it again, without end. The same if ours has been put back.
bool must_stay(const struct sigaction& now, bool buried) {
  const bool is_default = (now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL;
  return is_ours(now) || (buried && !is_default);
}

int install(int signum) {
  const std::lock_guard<std::mutex> lock(dispositions_mutex());
  Disposition& disposition = dispositions[signum];
  struct sigaction now = {};
  if (::sigaction(signum, nullptr, &now) != 0) return -errno;
  if (is_ignored(now)) return UV_EINVAL;
  if (!must_stay(now, disposition.buried || disposition.watchers > 0)) {
    struct sigaction ours = now;  // its mask and flags: the host's other signals notice no difference
    ours.sa_sigaction = on_signal;
    ours.sa_flags |= SA_SIGINFO | SA_ONSTACK;
    ours.sa_flags &= ~SA_RESETHAND;
    if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == SIG_DFL) ours.sa_flags |= SA_RESTART;
    disposition.before = now;
    disposition.buried = false;
    if (::sigaction(signum, &ours, nullptr) != 0) return -errno;
  }
  ++disposition.watchers;
  return 0;
}

void restore(int signum) {
  const std::lock_guard<std::mutex> lock(dispositions_mutex());
  Disposition& disposition = dispositions[signum];
  if (--disposition.watchers > 0) return;
  struct sigaction now = {};
  if (::sigaction(signum, nullptr, &now) != 0) return;
  disposition.buried = !is_ours(now);
  if (!disposition.buried) ::sigaction(signum, &disposition.before, nullptr);
}

Subscriber* take_subscriber() {
  for (Subscriber* each = subscribers.load(); each != nullptr; each = each->next) {
    if (!each->taken.exchange(true)) return each;
  }
  auto* made = new (std::nothrow) Subscriber;
  if (made == nullptr) return nullptr;
  made->taken = true;
  made->next = subscribers.load();
  while (!subscribers.compare_exchange_weak(made->next, made)) {
  }
  return made;
}

}  // namespace

SelfPipe::~SelfPipe() {
  for (int signum = 1; signum < kSignals; ++signum) unwatch(signum);
  close();
}

int SelfPipe::open() {
  if (subscriber_ != nullptr) return 0;
  {
    const std::lock_guard<std::mutex> lock(dispositions_mutex());
    forget_parent();
  }
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -errno;
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  int status = read_end_.move_above_stdio();
  if (status == 0) status = write_end_.move_above_stdio();
  const auto watch_read_end = [this](uv_poll_t* poll) { return uv_poll_init(loop_, poll, read_end_.get()); };
  if (status == 0) status = poll_.open(this, watch_read_end);
  if (status == 0) {
    const auto readable = [](uv_poll_t* poll, int, int) { static_cast<SelfPipe*>(poll->data)->on_readable(); };
    status = uv_poll_start(poll_.get(), UV_READABLE, readable);
  }
  Subscriber* subscriber = status == 0 ? take_subscriber() : nullptr;
  if (subscriber == nullptr) {
    close();
    return status < 0 ? status : UV_ENOMEM;
  }
  subscriber_ = subscriber;
  subscriber_->write_end = write_end_.get();
  return 0;
}

void SelfPipe::close() {
  if (subscriber_ != nullptr) {
    subscriber_->signals = 0;
    // A handler in another thread may have read the descriptor's number just now: wait it out before the number is
    // free.
    while (handlers_running.load() > 0) ::sched_yield();
    subscriber_->write_end = -1;
    for (auto& count : subscriber_->arrived) count = 0;
    subscriber_->taken = false;
    subscriber_ = nullptr;
  }
  poll_.reset();
  read_end_.reset();
  write_end_.reset();
}

int SelfPipe::watch(int signum, Callback callback, void* context) {
  if (targets_[signum].callback != nullptr) return 0;
  if (const int status = open(); status < 0) return status;
  subscriber_->signals |= bit(signum);
  if (const int status = install(signum); status < 0) {
    subscriber_->signals &= ~bit(signum);
    return status;
  }
  targets_[signum] = {callback, context};
  return 0;
}

void SelfPipe::unwatch(int signum) {
  if (targets_[signum].callback == nullptr) return;
  targets_[signum] = {};
  restore(signum);
  subscriber_->signals &= ~bit(signum);
  subscriber_->arrived[signum] = 0;
}

void SelfPipe::on_readable() {
  char bytes[64];
  // Drain before the counters are read: a signal after that writes again, and wakes the loop again.
  while (::read(read_end_.get(), bytes, sizeof bytes) == sizeof bytes) {
  }
  for (int signum = 1; signum < kSignals && subscriber_ != nullptr; ++signum) {
    const uint32_t count = subscriber_->arrived[signum].exchange(0);
    const Target target = targets_[signum];
    if (count > 0 && target.callback != nullptr) target.callback(target.context, signum, count);
  }
}

void SelfPipe::hold_for_fork() { dispositions_mutex().lock(); }

void SelfPipe::release_after_fork() { dispositions_mutex().unlock(); }

void SelfPipe::abandon() {
  subscriber_ = nullptr;  // the next one to open a pipe in this process frees it
  for (auto& target : targets_) target = {};
  poll_.reset();
  read_end_.reset();
  write_end_.reset();
}

}  // namespace pipe_core
