// The host's end of one of the child's outputs. Reads on demand only: a child that writes faster than it is read waits
// in its own write(2), and memory stays bounded.
#ifndef READER_H_
#define READER_H_

#include "byte_buffer.h"
#include "channel.h"
#include "fd_watch.h"
#include "framing.h"
#include "loop.h"
#include "unique_fd.h"

namespace pipe_core {

class Reader final : public Channel {
 public:
  Reader(Loop& loop, UniqueFd parent_end, size_t first_buffer_size);
  ~Reader() override { close(); }

  // The three of pipe_read(), pipe_read_result() and pipe_read_take().
  int read(const ReadRequest& request, pipe_slice* result);
  int result(pipe_slice* result);
  void take();
  void cancel() override;
  // The host wants no more of it: who waits is aborted, the child gets SIGPIPE.
  void shutdown();
  // After the exit: gives the descriptor back now if nothing can come any more. A grandchild may still hold the
  // other end, and bytes may still be in the pipe; then it stays open.
  void close_if_at_end(short poll_events);
  int fd() const { return parent_end_.get(); }

 protected:
  int arm() override { return watch_.arm(loop_.uv(), parent_end_.get()); }

 private:
  int pull();
  int fill(size_t* budget);
  int show(int outcome, pipe_slice* result);
  bool on_readable();
  size_t wanted() const;
  void close();

  UniqueFd parent_end_;
  FdWatch watch_;
  ByteBuffer buffer_;
  ReadRequest request_;
  Frame frame_ = {};
  bool shown_ = false;  // the host may still look at the frame's bytes, and take them
  size_t chunk_;
  bool end_of_file_ = false;
  bool shut_down_ = false;
};

}  // namespace pipe_core

#endif
