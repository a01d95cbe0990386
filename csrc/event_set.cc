#include "event_set.h"

#include <cerrno>
#include <new>

namespace pipe_core {

// As many as there may well be at once: what has come in time must be seen before its deadline is.
static constexpr int kBatch = 1024;
static constexpr int kGenerationShift = 32;

int EventSet::open() {
  epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
  return epoll_ ? epoll_.move_above_stdio() : -errno;
}

int EventSet::take_entry() {
  if (first_free_ == kNone) {
    try {
      entries_.push_back({nullptr, nullptr, 0, kNone});
    } catch (const std::bad_alloc&) {
      return -ENOMEM;
    }
    first_free_ = static_cast<int>(entries_.size()) - 1;
  }
  return first_free_;
}

int EventSet::add(int fd, uint32_t events, Callback callback, void* owner) {
  const int number = take_entry();
  if (number < 0) return number;
  Entry& entry = entries_[static_cast<size_t>(number)];
  epoll_event event = {};
  event.events = events;
  event.data.u64 = uint64_t{entry.generation} << kGenerationShift | static_cast<uint32_t>(number);
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return -errno;
  first_free_ = entry.next_free;
  entry.callback = callback;
  entry.owner = owner;
  return number;
}

void EventSet::remove(int number, int fd) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  forget(number);
}

void EventSet::forget(int number) {
  Entry& entry = entries_[static_cast<size_t>(number)];
  entry.callback = nullptr;
  ++entry.generation;
  entry.next_free = first_free_;
  first_free_ = number;
}

void EventSet::wait(int timeout_ms) {
  epoll_event events[kBatch];
  const int count = ::epoll_wait(epoll_.get(), events, kBatch, timeout_ms);
  for (int i = 0; i < count; ++i) dispatch(events[i]);
}

void EventSet::dispatch(const epoll_event& event) {
  const Entry& entry = entries_[static_cast<uint32_t>(event.data.u64)];
  const auto generation = static_cast<uint32_t>(event.data.u64 >> kGenerationShift);
  if (entry.callback != nullptr && entry.generation == generation) entry.callback(entry.owner, event.events);
}

}  // namespace pipe_core
