// What a read should tell, worked out in the plainest way from all bytes at once: no pieces, no memory of earlier
// reads. Shares no code with csrc/framing.cc.
#ifndef STREAM_MODEL_H_
#define STREAM_MODEL_H_

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "framing.h"
#include "pipe.h"

struct Told {
  int outcome;
  std::string_view shown;
  size_t taken;  // bytes that leave the stream, the line end included
};

// `rest`: what has come and has not been taken. `ended`: nothing more will come.
inline Told told_of_line(std::string_view rest, bool ended, size_t limit) {
  const size_t line_feed = rest.find('\n');
  const bool whole = line_feed != std::string_view::npos;
  std::string_view line = rest.substr(0, line_feed);
  // At the end of what has come a CR counts as part of the line end until the next byte tells.
  const bool drops_cr = line.ends_with('\r') && (whole || !ended);
  if (drops_cr) line.remove_suffix(1);
  if (line.size() > limit) return {PIPE_TOO_MUCH, {}, 0};
  if (whole) return {PIPE_OK, line, line_feed + 1};
  return ended ? Told{PIPE_CLOSED, rest, rest.size()} : Told{PIPE_AGAIN, {}, 0};
}

inline Told told_of_all(std::string_view rest, bool ended, size_t limit) {
  if (rest.size() > limit) return {PIPE_TOO_MUCH, {}, 0};
  return ended ? Told{PIPE_OK, rest, rest.size()} : Told{PIPE_AGAIN, {}, 0};
}

// Of ANY and POLL: how much comes at once is the kernel's affair.
inline bool is_any(const pipe_core::ReadRequest& request) {
  return request.mode == PIPE_READ_ANY || request.mode == PIPE_READ_POLL;
}

inline Told told(std::string_view rest, bool ended, const pipe_core::ReadRequest& request, size_t limit) {
  const Told unfinished = ended ? Told{PIPE_CLOSED, rest, rest.size()} : Told{PIPE_AGAIN, {}, 0};
  switch (request.mode) {
    case PIPE_READ_ALL:
      return told_of_all(rest, ended, limit);
    case PIPE_READ_WITHIN:
      return told_of_all(rest, ended, std::min(request.length, limit));
    case PIPE_READ_BYTES:
      if (request.length > limit) return {PIPE_TOO_MUCH, {}, 0};
      if (rest.size() < request.length) return unfinished;
      return {PIPE_OK, rest.substr(0, request.length), request.length};
    case PIPE_READ_LINE:
      return told_of_line(rest, ended, limit);
    default: {
      if (rest.empty()) return unfinished;
      const std::string_view shown = rest.substr(0, std::min(request.length, limit));
      return {PIPE_OK, shown, shown.size()};
    }
  }
}

#endif
