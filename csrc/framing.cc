#include "framing.h"

#include <algorithm>

namespace pipe_core {
namespace {

constexpr Frame kMore{PIPE_AGAIN, 0, 0};
constexpr Frame kTooMuch{PIPE_TOO_MUCH, 0, 0};

Frame unfinished(const ByteBuffer& buffer, bool end_of_file) {
  return end_of_file ? Frame{PIPE_CLOSED, buffer.size(), buffer.size()} : kMore;
}

Frame cut_all(const ByteBuffer& buffer, bool end_of_file, size_t max_result) {
  if (buffer.size() > max_result) return kTooMuch;
  return end_of_file ? Frame{PIPE_OK, buffer.size(), buffer.size()} : kMore;
}

Frame cut_bytes(const ByteBuffer& buffer, size_t length, bool end_of_file, size_t max_result) {
  if (length > max_result) return kTooMuch;
  return buffer.size() >= length ? Frame{PIPE_OK, length, length} : unfinished(buffer, end_of_file);
}

Frame cut_line(ByteBuffer& buffer, bool end_of_file, size_t max_result) {
  const size_t newline = buffer.find_newline();
  if (newline == ByteBuffer::kNone) {
    // A CR that is the last byte so far may belong to the line end, which does not count.
    const bool may_end = !end_of_file && !buffer.empty() && buffer.data()[buffer.size() - 1] == '\r';
    return buffer.size() - (may_end ? 1 : 0) > max_result ? kTooMuch : unfinished(buffer, end_of_file);
  }
  const bool has_cr = newline > 0 && buffer.data()[newline - 1] == '\r';
  const size_t size = has_cr ? newline - 1 : newline;
  return size > max_result ? kTooMuch : Frame{PIPE_OK, size, newline + 1};
}

Frame cut_any(const ByteBuffer& buffer, size_t length, bool end_of_file, size_t max_result) {
  if (buffer.empty()) return unfinished(buffer, end_of_file);
  const size_t size = std::min({buffer.size(), length, max_result});
  return {PIPE_OK, size, size};
}

}  // namespace

Frame cut_frame(ByteBuffer& buffer, const ReadRequest& request, bool end_of_file, size_t max_result) {
  switch (request.mode) {
    case PIPE_READ_ALL:
      return cut_all(buffer, end_of_file, max_result);
    case PIPE_READ_WITHIN:
      return cut_all(buffer, end_of_file, std::min(request.length, max_result));
    case PIPE_READ_BYTES:
      return cut_bytes(buffer, request.length, end_of_file, max_result);
    case PIPE_READ_LINE:
      return cut_line(buffer, end_of_file, max_result);
    default:
      return cut_any(buffer, request.length, end_of_file, max_result);
  }
}

}  // namespace pipe_core
