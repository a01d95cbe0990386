// What an input decides about a stream and its reader.
#ifndef STREAM_CHOICES_H_
#define STREAM_CHOICES_H_

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "framing.h"
#include "input.h"
#include "pipe.h"

// What pipe.h lets through to a stream: any mode; of ANY and POLL never no byte at all.
inline pipe_core::ReadRequest choose_request(Input& input) {
  const int mode = static_cast<int>(input.below(PIPE_READ_WITHIN + 1));
  const bool sized = mode != PIPE_READ_ALL && mode != PIPE_READ_LINE;
  size_t length = sized ? input.size() : 0;
  if (mode == PIPE_READ_ANY || mode == PIPE_READ_POLL) length = std::max<size_t>(length, 1);
  return {mode, length};
}

// The longest result that a host may have.
inline size_t choose_limit(Input& input) {
  static constexpr size_t kLimits[] = {size_t{1} << 31, 1, 2, 8, 100, 5000};
  return input.one_of(kLimits);
}

// Bytes to come: those of the input, line ends mostly, or many alike with a line end behind them.
inline std::string choose_bytes(Input& input) {
  static constexpr std::string_view kLineEnds[] = {"", "\n", "\r\n", "\r"};
  switch (input.below(4)) {
    case 0:
      return std::string(input.size(), 'x').append(input.one_of(kLineEnds));
    case 1:
      return std::string(input.bytes(input.below(64)));
    default: {
      std::string bytes;
      for (size_t left = input.below(16); left > 0; --left) bytes += "x\n\ry"[input.below(4)];
      return bytes;
    }
  }
}

#endif
