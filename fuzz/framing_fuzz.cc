// Any split of any bytes into pieces, and any order of requests: each frame is the model's, and the buffer holds the
// bytes that a string would. Two streams hand one spare block to each other, and a third one has none.
#include <cstring>
#include <iterator>
#include <string>
#include <string_view>

#include "byte_buffer.h"
#include "framing.h"
#include "fuzz_target.h"
#include "input.h"
#include "must.h"
#include "stream_choices.h"
#include "stream_model.h"

namespace {

using pipe_core::ByteBuffer;
using pipe_core::cut_frame;
using pipe_core::Frame;
using pipe_core::ReadRequest;
using pipe_core::SpareBlock;

class Stream {
 public:
  Stream(SpareBlock* spare, size_t limit) : buffer_(spare), limit_(limit) {}

  void step(Input& input) {
    switch (input.below(8)) {
      case 0:
      case 1:
        return come(choose_bytes(input), input.size());
      case 2:
        return fill(static_cast<char>(input.byte()));
      case 3:
        ended_ = ended_ || input.once_in(4);
        return;
      case 4:
        return ask_for_room(input);
      case 5:
        return take_lines_without_a_call();
      default:
        return read(choose_request(input), !input.once_in(8));
    }
  }

  void check() {
    MUST(std::string_view(buffer_.data(), buffer_.size()) == rest_);
    MUST(buffer_.empty() == rest_.empty());
    // No byte is looked at twice, except a LF that was found and not taken.
    MUST(buffer_.scanned() <= came_ + requests_);
  }

 private:
  // Of bytes, or of what a fuzzer has memory for.
  bool full() const { return ended_ || rest_.size() > size_t{64} << 10; }

  // A kernel that has fewer bytes than there is room for.
  void come(std::string_view bytes, size_t unused) {
    if (full()) return;
    char* room = buffer_.reserve(bytes.size() + unused);
    MUST(room != nullptr || bytes.size() + unused == 0);
    MUST(buffer_.free_size() >= bytes.size() + unused);
    if (!bytes.empty()) std::memcpy(room, bytes.data(), bytes.size());
    commit(bytes);
    buffer_.release_if_empty();
  }

  // One that has more.
  void fill(char byte) {
    if (full()) return;
    char* room = buffer_.reserve(1);
    MUST(room != nullptr);
    const std::string bytes(buffer_.free_size(), byte);
    std::memcpy(room, bytes.data(), bytes.size());
    commit(bytes);
  }

  void commit(std::string_view bytes) {
    buffer_.commit(bytes.size());
    rest_ += bytes;
    came_ += bytes.size();
  }

  // Nothing comes, or there is no memory: nothing is changed.
  void ask_for_room(Input& input) {
    if (input.once_in(4)) {
      MUST(buffer_.reserve(ByteBuffer::kNone - input.size()) == nullptr);
    } else {
      static_cast<void>(buffer_.reserve(input.size()));
    }
    buffer_.release_if_empty();
    MUST(!rest_.empty() || buffer_.free_size() == 0);
  }

  void read(const ReadRequest& request, bool take) {
    ++requests_;
    const Told expected = told(rest_, ended_, request, limit_);
    const Frame frame = cut_frame(buffer_, request, ended_, limit_);
    MUST(frame.outcome == expected.outcome);
    MUST(std::string_view(buffer_.data(), frame.size) == expected.shown);
    MUST(frame.skip == expected.taken);
    if (take) consume(frame.skip);
  }

  // As lua/pipe/line.lua does: whole lines, and never the last byte.
  void take_lines_without_a_call() {
    size_t taken = 0;
    while (rest_.size() - taken >= 2) {
      const std::string_view seen(buffer_.data() + taken, buffer_.size() - taken - 1);
      const size_t line_feed = seen.find('\n');
      if (line_feed == std::string_view::npos) break;
      taken += line_feed + 1;
    }
    if (taken > 0) consume(taken);
  }

  void consume(size_t size) {
    buffer_.consume(size);
    rest_.erase(0, size);
  }

  ByteBuffer buffer_;
  std::string rest_;
  size_t limit_;
  bool ended_ = false;
  uint64_t came_ = 0;
  uint64_t requests_ = 0;
};

}  // namespace

extern "C" {

// A request without memory answers nullptr under AddressSanitizer too, whose runtime may be a shared library.
// NOLINTNEXTLINE(bugprone-reserved-identifier)
__attribute__((visibility("default"))) const char* __asan_default_options() { return "allocator_may_return_null=1"; }

int LLVMFuzzerInitialize(int*, char***) {
  // Not by an input: AddressSanitizer writes a warning each time.
  MUST(ByteBuffer().reserve(ByteBuffer::kNone / 4) == nullptr);
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  Input input(data, size);
  SpareBlock spare;
  const size_t limit = choose_limit(input);
  Stream streams[] = {{&spare, limit}, {&spare, limit}, {nullptr, limit}};
  while (!input.ended()) {
    Stream& stream = streams[input.below(std::size(streams))];
    stream.step(input);
    stream.check();
  }
  return 0;
}

}  // extern "C"
