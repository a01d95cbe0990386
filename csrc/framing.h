// Cuts what a reader asked for out of the bytes that have come. Pure: no descriptor, no time, no loop.
#ifndef FRAMING_H_
#define FRAMING_H_

#include <cstddef>

#include "byte_buffer.h"
#include "pipe.h"

namespace pipe_core {

struct ReadRequest {
  int mode = PIPE_READ_ANY;
  size_t length = 0;
};

struct Frame {
  int outcome;  // PIPE_OK, PIPE_AGAIN (more bytes are needed), PIPE_CLOSED (end of file came first), PIPE_TOO_MUCH
  size_t size;  // bytes to show
  size_t skip;  // bytes to take out of the stream, the line end included
};

// `max_result` is the longest string that the host can make of one read.
Frame cut_frame(ByteBuffer& buffer, const ReadRequest& request, bool end_of_file, size_t max_result);

}  // namespace pipe_core

#endif
