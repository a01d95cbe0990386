// A loop, and what a light thread does with it: try; if that is not enough, start, run the loop until the token comes,
// fetch. Waiting here is always for an event; a test that hangs has failed.
#ifndef RUNNING_LOOP_H_
#define RUNNING_LOOP_H_

#include <gtest/gtest.h>

#include <cerrno>
#include <cstdlib>
#include <poll.h>
#include <string>
#include <utility>

#include "loop.h"
#include "pipe.h"
#include "reader.h"
#include "writer.h"

namespace pipe_core {

inline bool is_readable(int fd) {
  pollfd readable = {fd, POLLIN, 0};
  return ::poll(&readable, 1, 0) == 1;
}
// Waits for it; a SIGCHLD may come meanwhile.
inline bool becomes_readable(int fd) {
  pollfd readable = {fd, POLLIN, 0};
  int count;
  do {
    count = ::poll(&readable, 1, -1);
  } while (count < 0 && errno == EINTR);
  return count == 1;
}

class RunningLoop {
 public:
  static constexpr size_t kMaxResult = size_t{1} << 31;

  explicit RunningLoop(size_t max_result = kMaxResult) {
    EXPECT_EQ(Loop::open(max_result, &loop_), 0);
    if (loop_ == nullptr) std::abort();
  }
  RunningLoop(const RunningLoop&) = delete;
  RunningLoop& operator=(const RunningLoop&) = delete;
  ~RunningLoop() { close(); }

  Loop& operator*() { return *loop_; }
  Loop* operator->() { return loop_; }
  void close() {
    if (Loop* closed = std::exchange(loop_, nullptr)) closed->unref();
  }

  // The token of what ends next.
  uint32_t next_token() {
    for (;;) {
      if (const uint32_t token = loop_->next_finished(); token != 0) return token;
      loop_->run(true);
    }
  }

  // Whether another event loop that watches our descriptor would call us.
  bool wakes_others() { return is_readable(loop_->foreign_fd()); }

 private:
  Loop* loop_ = nullptr;
};

struct Told {
  int outcome;
  std::string bytes;
  bool operator==(const Told&) const = default;
};
inline void PrintTo(const Told& told, std::ostream* out) {
  *out << told.outcome << " '" << told.bytes.substr(0, 100) << "' (" << told.bytes.size() << ")";
}

inline Told taken(Reader& reader, int outcome, const pipe_slice& slice) {
  Told told = {outcome, slice.data == nullptr ? "" : std::string(slice.data, slice.size)};
  reader.take();
  return told;
}

inline Told result_of(Reader& reader) {
  pipe_slice slice;
  const int outcome = reader.result(&slice);
  return taken(reader, outcome, slice);
}

inline Told read(RunningLoop& loop, Reader& reader, ReadRequest request) {
  constexpr uint32_t kToken = 1001;
  pipe_slice slice;
  const int outcome = reader.read(request, &slice);
  if (outcome != PIPE_AGAIN) return taken(reader, outcome, slice);
  EXPECT_EQ(reader.start(kToken, 0), 0);
  EXPECT_EQ(loop.next_token(), kToken);
  return result_of(reader);
}

inline Told read_all(RunningLoop& loop, Reader& reader) { return read(loop, reader, {PIPE_READ_ALL, 0}); }
inline Told read_line(RunningLoop& loop, Reader& reader) { return read(loop, reader, {PIPE_READ_LINE, 0}); }

struct Written {
  int outcome;
  double size;
  bool operator==(const Written&) const = default;
};
inline void PrintTo(const Written& written, std::ostream* out) { *out << written.outcome << " after " << written.size; }

inline Written write(RunningLoop& loop, Writer& writer, const std::string& bytes) {
  constexpr uint32_t kToken = 1002;
  const pipe_slice slice = {bytes.data(), bytes.size()};
  Written written;
  written.outcome = writer.write(&slice, 1, &written.size);
  if (written.outcome != PIPE_AGAIN) return written;
  EXPECT_EQ(writer.start(kToken, 0), 0);
  EXPECT_EQ(loop.next_token(), kToken);
  written.outcome = writer.result(&written.size);
  return written;
}

}  // namespace pipe_core

#endif
