// The host's end of the child's stdin. Writes at once what the pipe takes, straight from the host's memory, and waits
// for the rest.
#ifndef WRITER_H_
#define WRITER_H_

#include "channel.h"
#include "fd_watch.h"
#include "loop.h"
#include "unique_fd.h"

namespace pipe_core {

class Writer final : public Channel {
 public:
  Writer(Loop& loop, UniqueFd parent_end);
  ~Writer() override { close(); }

  // The two of pipe_write() and pipe_write_result().
  int write(const pipe_slice* slices, size_t count, double* written);
  int result(double* written);
  // The child reads end of file; who waits is aborted.
  void shutdown();
  // After the exit: gives the descriptor back now if no grandchild can read from it.
  void close_if_at_end(short poll_events);
  int fd() const { return parent_end_.get(); }
  // Whether the last byte that was written ended a line, as a terminal counts them.
  bool at_line_start() const { return last_byte_ == '\n'; }

 protected:
  int arm() override { return watch_.arm(loop_.events(), parent_end_.get()); }

 private:
  int push();
  bool on_writable();
  bool hung_up() const;
  void advance(size_t size);
  void close();

  UniqueFd parent_end_;
  FdWatch watch_;
  const pipe_slice* slices_ = nullptr;  // the host's; dereferenced only in write() and while an operation waits
  size_t count_ = 0;
  size_t offset_ = 0;  // into the first slice
  double written_ = 0;
  char last_byte_ = '\n';
};

}  // namespace pipe_core

#endif
