#include "deadlines.h"

#include <algorithm>
#include <climits>
#include <new>
#include <uv.h>

namespace pipe_core {

uint64_t Deadlines::now() { return uv_hrtime(); }

int Deadlines::add(Deadline& deadline, uint64_t ns) {
  try {
    heap_.push_back({ns, &deadline});
  } catch (const std::bad_alloc&) {
    return UV_ENOMEM;
  }
  move_up(heap_.size() - 1, heap_.back());
  return 0;
}

void Deadlines::remove(Deadline& deadline) {
  if (deadline.place_ != Deadline::kNone) take_out(deadline.place_);
}

void Deadlines::expire() {
  if (heap_.empty()) return;
  // What is added meanwhile has its turn later, or a delay of nothing that begins anew each time would never let go.
  const uint64_t now = Deadlines::now();
  while (!heap_.empty() && heap_.front().ns <= now) {
    Deadline& due = *heap_.front().deadline;
    take_out(0);
    due.expire();
  }
}

int Deadlines::until_next() const {
  if (heap_.empty()) return kNever;
  constexpr uint64_t kNanosecondsPerMs = 1000000;
  const uint64_t now = Deadlines::now();
  const uint64_t next = heap_.front().ns;
  if (next <= now) return 0;
  return static_cast<int>(std::min<uint64_t>((next - now + kNanosecondsPerMs - 1) / kNanosecondsPerMs, INT_MAX));
}

void Deadlines::put(size_t place, const Entry& entry) {
  heap_[place] = entry;
  entry.deadline->place_ = place;
}

void Deadlines::move_up(size_t place, const Entry& entry) {
  const Entry moved = entry;
  while (place > 0 && moved.ns < heap_[(place - 1) / 2].ns) {
    put(place, heap_[(place - 1) / 2]);
    place = (place - 1) / 2;
  }
  put(place, moved);
}

void Deadlines::move_down(size_t place, const Entry& entry) {
  const Entry moved = entry;
  for (;;) {
    size_t child = 2 * place + 1;
    if (child + 1 < heap_.size() && heap_[child + 1].ns < heap_[child].ns) ++child;
    if (child >= heap_.size() || moved.ns <= heap_[child].ns) break;
    put(place, heap_[child]);
    place = child;
  }
  put(place, moved);
}

void Deadlines::take_out(size_t place) {
  heap_[place].deadline->place_ = Deadline::kNone;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (place == heap_.size()) return;
  if (place > 0 && last.ns < heap_[(place - 1) / 2].ns) {
    move_up(place, last);
  } else {
    move_down(place, last);
  }
}

}  // namespace pipe_core
