// A fuzzer's input, as a row of decisions. Behind its end each further one is 0, so that every input means something.
#ifndef INPUT_H_
#define INPUT_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

class Input {
 public:
  Input(const uint8_t* data, size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

  bool ended() const { return rest_.empty(); }

  size_t byte() { return rest_.empty() ? 0 : static_cast<uint8_t>(bytes(1).front()); }
  // At most 256 choices.
  size_t below(size_t choices) { return byte() % choices; }
  bool once_in(size_t times) { return below(times) == times - 1; }
  template <class T, size_t kSize>
  const T& one_of(const T (&choices)[kSize]) {
    static_assert(kSize <= 256);
    return choices[below(kSize)];
  }

  // Small mostly; else beside a power of two, where sizes go wrong.
  size_t size() {
    constexpr size_t kSmall = 224;
    const size_t chosen = byte();
    if (chosen < kSmall) return chosen;
    const size_t power = size_t{1} << (7 + (chosen - kSmall) / 3);  // 128 to 128 KiB
    return power - 1 + (chosen - kSmall) % 3;
  }

  // What there is, up to `most`.
  std::string_view bytes(size_t most) {
    const std::string_view taken = rest_.substr(0, most);
    rest_.remove_prefix(taken.size());
    return taken;
  }

 private:
  std::string_view rest_;
};

#endif
