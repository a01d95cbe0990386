#include "self_pipe.h"

#include <atomic>
#include <cerrno>
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

std::atomic<Subscriber*> subscribers{nullptr};
std::atomic<int> handlers_running{0};

constexpr uint64_t bit(int signum) { return uint64_t{1} << (signum - 1); }

// In the handler.
void tell_subscribers(int signum) {
  handlers_running.fetch_add(1);
  for (Subscriber* each = subscribers.load(); each != nullptr; each = each->next) {
    if ((each->signals.load() & bit(signum)) == 0) continue;
    each->arrived[signum].fetch_add(1);
    // A full pipe is harmless: a byte is there, so the loop will wake, and the counters say what came.
    static_cast<void>(!::write(each->write_end.load(), "", 1));
  }
  handlers_running.fetch_sub(1);
}

// A handler in another thread may still act on what it has read of a subscriber.
void await_handlers() {
  while (handlers_running.load() > 0) ::sched_yield();
}

void free_subscriber(Subscriber& subscriber) {
  subscriber.signals = 0;
  subscriber.write_end = -1;
  for (auto& count : subscriber.arrived) count = 0;
  subscriber.taken = false;
}

int listen() {
  const std::lock_guard<std::mutex> lock(Dispositions::mutex());
  if (Dispositions::listening()) return 0;
  // In a fork of the host the parent's loops do not live on: nothing may be written where their pipes were. Nor do its
  // other threads, of which one may have been in the handler. Before we listen, since nothing is counted until then.
  handlers_running = 0;
  for (Subscriber* each = subscribers.load(); each != nullptr; each = each->next) free_subscriber(*each);
  return Dispositions::listen(tell_subscribers);
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
  int status = listen();
  if (status < 0) return status;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) return -errno;
  read_end_.reset(ends[0]);
  write_end_.reset(ends[1]);
  status = read_end_.move_above_stdio();
  if (status == 0) status = write_end_.move_above_stdio();
  const auto readable = [](void* pipe, uint32_t) { static_cast<SelfPipe*>(pipe)->on_readable(); };
  if (status == 0) status = entry_ = events_.add(read_end_.get(), EPOLLIN, readable, this);
  Subscriber* subscriber = status >= 0 ? take_subscriber() : nullptr;
  if (subscriber == nullptr) {
    close();
    return status < 0 ? status : -ENOMEM;
  }
  subscriber_ = subscriber;
  subscriber_->write_end = write_end_.get();
  return 0;
}

void SelfPipe::close() {
  if (subscriber_ != nullptr) {
    subscriber_->signals = 0;
    await_handlers();  // before the descriptor's number is free
    free_subscriber(*subscriber_);
    subscriber_ = nullptr;
  }
  if (entry_ >= 0) events_.remove(entry_, read_end_.get());
  entry_ = -1;
  read_end_.reset();
  write_end_.reset();
}

int SelfPipe::watch(int signum, Callback callback, void* context) {
  if (watches(signum)) return 0;
  if (const int status = open(); status < 0) return status;
  subscriber_->signals |= bit(signum);  // first: none may come and find nobody
  if (const int status = Dispositions::claim(signum, claim_); status < 0) {
    forget(signum);
    return status;
  }
  targets_[signum] = {callback, context};
  return 0;
}

void SelfPipe::unwatch(int signum) {
  if (!watches(signum)) return;
  targets_[signum] = {};
  Dispositions::release(signum, claim_);
  forget(signum);
}

void SelfPipe::forget(int signum) {
  subscriber_->signals &= ~bit(signum);
  await_handlers();
  subscriber_->arrived[signum] = 0;
}

void SelfPipe::on_readable() {
  char bytes[64];
  // Drain before the counters are read: a signal after that writes again, and wakes the loop again.
  while (::read(read_end_.get(), bytes, sizeof bytes) == sizeof bytes) {
  }
  collect();
}

void SelfPipe::collect() {
  for (int signum = 1; signum < kSignals && subscriber_ != nullptr; ++signum) {
    if (!watches(signum)) continue;
    const uint32_t count = subscriber_->arrived[signum].exchange(0);
    if (count > 0) targets_[signum].callback(targets_[signum].context, signum, count);
  }
}

void SelfPipe::hold_for_fork() { Dispositions::mutex().lock(); }

void SelfPipe::release_after_fork() { Dispositions::mutex().unlock(); }

void SelfPipe::release_in_forked_child() {
  Dispositions::put_back();
  release_after_fork();
}

void SelfPipe::abandon() {
  subscriber_ = nullptr;  // the next one to open a pipe in this process frees it
  for (auto& target : targets_) target = {};
  if (entry_ >= 0) events_.forget(entry_);
  entry_ = -1;
  read_end_.reset();
  write_end_.reset();
}

}  // namespace pipe_core
