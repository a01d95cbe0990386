// What ends by itself at a certain time: a binary heap, the earliest on top. Not a uv_timer_t for each: that is 152
// bytes more for each sleeper, and closing one costs a turn of libuv's loop.
#ifndef DEADLINES_H_
#define DEADLINES_H_

#include <cstddef>
#include <cstdint>
#include <vector>

namespace pipe_core {

class Deadline {
 public:
  Deadline() = default;
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

 protected:
  ~Deadline() = default;
  // Its time has come; it is in no heap any more. It may add and remove deadlines.
  virtual void expire() = 0;

 private:
  friend class Deadlines;
  static constexpr size_t kNone = static_cast<size_t>(-1);
  size_t place_ = kNone;  // in the heap
};

class Deadlines {
 public:
  static constexpr int kNever = -1;

  // `ns` on the clock of now(). Returns 0 or UV_ENOMEM.
  int add(Deadline& deadline, uint64_t ns);
  // If it is there.
  void remove(Deadline& deadline);
  // Ends all whose time has come.
  void expire();
  // Whole milliseconds until the next one, rounded up: waiting so long is never too short. kNever without any.
  int until_next() const;

  // CLOCK_MONOTONIC, in nanoseconds.
  static uint64_t now();

 private:
  struct Entry {
    uint64_t ns;
    Deadline* deadline;
  };

  void put(size_t place, const Entry& entry);
  void move_up(size_t place, const Entry& entry);
  void move_down(size_t place, const Entry& entry);
  void take_out(size_t place);

  std::vector<Entry> heap_;
};

}  // namespace pipe_core

#endif
