#include "byte_buffer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace pipe_core {

char* ByteBuffer::reserve(size_t size) {
  if (free_size() >= size) return memory_.get() + end_;
  if (!memory_ && spare_ != nullptr && spare_->capacity >= size) {
    memory_ = std::move(spare_->memory);
    capacity_ = std::exchange(spare_->capacity, 0);
    return memory_.get();
  }
  const size_t live = this->size();
  // Moving to the front is enough only when what is dead outweighs what is moved; growing doubles. Either way
  // a byte moves a bounded number of times, however small the pieces are that come and go.
  const bool mostly_dead = begin_ >= live;
  if (begin_ > 0) std::memmove(memory_.get(), memory_.get() + begin_, live);
  begin_ = 0;
  end_ = live;
  if (mostly_dead && free_size() >= size) return memory_.get() + end_;
  // Below that neither the sum nor the double overflows: what there is lies in memory, which is half of all numbers.
  if (size > kNone / 4) return nullptr;
  // realloc(3), not a new block and a copy: for large blocks the kernel moves pages, and no second copy exists.
  const size_t capacity = std::max(capacity_ * 2, live + size);
  auto* memory = static_cast<char*>(std::realloc(memory_.get(), capacity));
  if (memory == nullptr) return nullptr;
  static_cast<void>(memory_.release());
  memory_.reset(memory);
  capacity_ = capacity;
  return memory + end_;
}

void ByteBuffer::consume(size_t size) {
  begin_ += size;
  searched_ -= std::min(searched_, size);
  release_if_empty();
}

void ByteBuffer::release_if_empty() {
  if (!empty()) return;
  if (spare_ != nullptr && capacity_ > spare_->capacity && capacity_ <= SpareBlock::kLargest) {
    spare_->memory = std::move(memory_);
    spare_->capacity = capacity_;
  }
  memory_.reset();
  capacity_ = begin_ = end_ = 0;
}

size_t ByteBuffer::find_newline() {
  const size_t unsearched = size() - searched_;
  if (unsearched == 0) return kNone;
  const char* from = data() + searched_;
  const auto* newline = static_cast<const char*>(std::memchr(from, '\n', unsearched));
  const size_t looked_at = newline == nullptr ? unsearched : static_cast<size_t>(newline - from) + 1;
  scanned_ += looked_at;
  if (newline == nullptr) {
    searched_ += looked_at;
    return kNone;
  }
  searched_ += looked_at - 1;  // the LF itself stays to be found again by a reader that did not take it
  return searched_;
}

}  // namespace pipe_core
