// Bytes that have come and have not been taken. Knows nothing of descriptors, frames or Lua.
#ifndef BYTE_BUFFER_H_
#define BYTE_BUFFER_H_

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

namespace pipe_core {

struct FreeMemory {
  void operator()(char* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<char, FreeMemory>;

// One block that no stream needs at the moment, kept for the next one: memory that is freed after each read that
// emptied its stream goes back to the kernel, which has to zero it again for the next.
struct SpareBlock {
  static constexpr size_t kLargest = size_t{64} << 10;
  Memory memory;
  size_t capacity = 0;
};

class ByteBuffer {
 public:
  static constexpr size_t kNone = static_cast<size_t>(-1);

  // `spare`, if there is one, must outlive the buffer.
  explicit ByteBuffer(SpareBlock* spare = nullptr) : spare_(spare) {}

  // Room for at least `size` more bytes behind the last one, or nullptr if there is no memory. free_size() tells how
  // much.
  char* reserve(size_t size);
  size_t free_size() const { return capacity_ - end_; }
  // The first `size` bytes of the room have been filled.
  void commit(size_t size) { end_ += size; }

  const char* data() const { return memory_ ? memory_.get() + begin_ : ""; }
  size_t size() const { return end_ - begin_; }
  bool empty() const { return begin_ == end_; }
  void consume(size_t size);
  // Gives the memory back if no byte needs it, as consume() does: an idle stream costs none.
  void release_if_empty();
  // Forgets all bytes.
  void clear() { consume(size()); }

  // Where the first LF is, or kNone. Goes on where the last search stopped, so that no byte is searched twice for
  // one line, however many reads it comes in.
  size_t find_newline();
  // How many bytes find_newline() has looked at since the beginning.
  uint64_t scanned() const { return scanned_; }

 private:
  SpareBlock* spare_;
  Memory memory_;
  size_t capacity_ = 0;
  size_t begin_ = 0;
  size_t end_ = 0;
  size_t searched_ = 0;  // bytes behind begin_ that hold no LF
  uint64_t scanned_ = 0;
};

}  // namespace pipe_core

#endif
