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
  // `hangs_up`: closing the parent's end sends SIGHUP to the child, whose terminal it is.
  Reader(Loop& loop, UniqueFd parent_end, size_t first_buffer_size, bool hangs_up = false);
  ~Reader() override { close(); }

  // The three of pipe_read(), pipe_read_result() and pipe_read_take().
  int read(const ReadRequest& request, pipe_slice* result);
  int result(pipe_slice* result);
  void take();
  void cancel() override;
  // What pipe_buffered_bytes() gives.
  pipe_buffered* buffered() { return &buffered_; }
  // The child has just been started, or written to. Whoever answers that needs some time: if all that it had said
  // before has been read, the next read does not look, but waits at once.
  void expect_answer() { answer_is_due_ = drained_; }
  // It has exited: what it had to say is there.
  void expect_no_answer() { answer_is_due_ = hangs_up_ = false; }
  // The host wants no more of it: who waits is aborted, the child gets SIGPIPE.
  void shutdown();
  // After the exit: gives the descriptor back now if nothing can come any more. A grandchild may still hold the
  // other end, and bytes may still be in the pipe; then it stays open.
  void close_if_at_end(short poll_events);
  int fd() const { return parent_end_.get(); }
  bool waiting() const { return operation_.pending(); }

 protected:
  int arm() override { return watch_.arm(loop_.events(), parent_end_.get()); }

 private:
  enum class Until { kEmpty, kShortRead };

  int pull(Until until);
  int fill(size_t* budget);
  int show(int outcome, pipe_slice* result);
  bool on_readable(uint32_t events);
  void lend();
  void reclaim();
  size_t wanted() const;
  void close();

  UniqueFd parent_end_;
  FdWatch watch_;
  ByteBuffer buffer_;
  ReadRequest request_;
  Frame frame_ = {};
  bool shown_ = false;           // the host may still look at the frame's bytes, and take them
  bool drained_ = true;          // nothing was left after the last read(2)
  bool answer_is_due_ = false;   // drained, and nobody has looked since the child was started, or written to
  pipe_buffered buffered_ = {};  // the buffer's bytes, lent to the host while nobody reads
  size_t chunk_;
  bool hangs_up_;
  bool end_of_file_ = false;
  bool shut_down_ = false;
};

}  // namespace pipe_core

#endif
