#include "byte_buffer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "descriptors.h"

namespace pipe_core {
namespace {

void put(ByteBuffer& buffer, std::string_view bytes) {
  char* room = buffer.reserve(bytes.size());
  ASSERT_NE(room, nullptr);
  ASSERT_GE(buffer.free_size(), bytes.size());
  std::memcpy(room, bytes.data(), bytes.size());
  buffer.commit(bytes.size());
}

std::string_view content(const ByteBuffer& buffer) { return {buffer.data(), buffer.size()}; }

TEST(ByteBuffer, IsEmptyAtFirstButItsDataIsNoNullPointer) {
  ByteBuffer buffer;
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.size(), 0U);
  EXPECT_EQ(buffer.free_size(), 0U);
  EXPECT_STREQ(buffer.data(), "");
  EXPECT_EQ(buffer.find_newline(), ByteBuffer::kNone);
  EXPECT_EQ(buffer.scanned(), 0U);
}

TEST(ByteBuffer, GivesBytesOfEveryValueInTheOrderInWhichTheyCame) {
  std::string all;
  for (int value = 0; value < 256; ++value) all.push_back(static_cast<char>(value));
  ByteBuffer buffer;
  put(buffer, all);
  put(buffer, all);
  EXPECT_EQ(content(buffer), all + all);
  buffer.consume(200);
  EXPECT_EQ(content(buffer), (all + all).substr(200));
}

TEST(ByteBuffer, AgreesWithAStringWhateverIsPutInTakenOutAndSearched) {
  std::mt19937 random(1);
  SpareBlock spare;
  ByteBuffer buffer(&spare);
  std::string model;
  for (int round = 0; round < 20000; ++round) {
    if (random() % 2 == 0) {
      std::string piece(1 + random() % 300, '.');
      for (char& byte : piece) byte = random() % 40 == 0 ? '\n' : 'x';
      put(buffer, piece);
      model += piece;
    } else {
      const size_t taken = random() % (model.size() + 1);
      buffer.consume(taken);
      model.erase(0, taken);
    }
    ASSERT_EQ(content(buffer), model) << "in round " << round;
    if (random() % 3 == 0) {
      const size_t newline = model.find('\n');
      ASSERT_EQ(buffer.find_newline(), newline == std::string::npos ? ByteBuffer::kNone : newline);
    }
  }
}

TEST(ByteBuffer, CommitsLessThanWasReserved) {
  ByteBuffer buffer;
  char* room = buffer.reserve(100);
  ASSERT_NE(room, nullptr);
  std::memcpy(room, "abc", 3);
  buffer.commit(3);
  EXPECT_EQ(content(buffer), "abc");
  EXPECT_GE(buffer.free_size(), 97U);
}

TEST(ByteBuffer, GivesItsMemoryBackWithTheLastByte) {
  ByteBuffer buffer;
  put(buffer, std::string(100000, 'x'));
  buffer.consume(99999);
  buffer.consume(1);
  EXPECT_TRUE(buffer.empty());
  EXPECT_EQ(buffer.free_size(), 0U);
  put(buffer, "again");
  buffer.clear();
  EXPECT_EQ(buffer.free_size(), 0U);
}

TEST(ByteBuffer, GivesBackOnRequestWhatWasReservedInVain) {
  ByteBuffer buffer;
  ASSERT_NE(buffer.reserve(4096), nullptr);
  EXPECT_GE(buffer.free_size(), 4096U);
  buffer.release_if_empty();
  EXPECT_EQ(buffer.free_size(), 0U);
  put(buffer, "stays");
  buffer.release_if_empty();
  EXPECT_EQ(content(buffer), "stays");
}

TEST(ByteBuffer, DoesNotGrowWhileAsMuchIsTakenAsComes) {
  ByteBuffer buffer;
  put(buffer, "x");
  for (int round = 0; round < 100000; ++round) {
    put(buffer, "0123456789");
    buffer.consume(10);
    ASSERT_LT(buffer.free_size(), 1000U);
  }
}

TEST(ByteBuffer, RefusesWhatNoMemoryCouldHoldAndKeepsItsBytes) {
  ByteBuffer buffer;
  put(buffer, "kept\n");
  EXPECT_EQ(buffer.reserve(ByteBuffer::kNone), nullptr);
  EXPECT_EQ(buffer.reserve(ByteBuffer::kNone / 2), nullptr);
  EXPECT_EQ(content(buffer), "kept\n");
  EXPECT_EQ(buffer.find_newline(), 4U);
}

TEST(ByteBuffer, SearchesEachByteOnceHoweverManyPiecesALineComesIn) {
  constexpr size_t kPieces = 32768;
  const std::string piece(1024, 'x');
  ByteBuffer buffer;
  for (size_t i = 0; i < kPieces; ++i) {
    put(buffer, piece);
    ASSERT_EQ(buffer.find_newline(), ByteBuffer::kNone);
  }
  EXPECT_EQ(buffer.scanned(), kPieces * piece.size());
  put(buffer, "\n");
  EXPECT_EQ(buffer.find_newline(), kPieces * piece.size());
  EXPECT_EQ(buffer.scanned(), kPieces * piece.size() + 1);
}

TEST(ByteBuffer, GoesOnSearchingWhereItStoppedWhenSearchedBytesAreTaken) {
  ByteBuffer buffer;
  put(buffer, "abcdef");
  EXPECT_EQ(buffer.find_newline(), ByteBuffer::kNone);
  buffer.consume(4);
  put(buffer, "gh\n");
  EXPECT_EQ(buffer.find_newline(), 4U);
  EXPECT_EQ(buffer.scanned(), 9U);
  buffer.consume(5);
  put(buffer, "\n");
  EXPECT_EQ(buffer.find_newline(), 0U);
}

TEST(ByteBuffer, FindsALineEndAgainThatNobodyTook) {
  ByteBuffer buffer;
  put(buffer, "ab\ncd\n");
  EXPECT_EQ(buffer.find_newline(), 2U);
  EXPECT_EQ(buffer.find_newline(), 2U);
  buffer.consume(1);
  EXPECT_EQ(buffer.find_newline(), 1U);
  buffer.consume(2);
  EXPECT_EQ(buffer.find_newline(), 2U);
}

TEST(ByteBuffer, LeavesItsBlockToTheNextOneThatNeedsMemory) {
  SpareBlock spare;
  ByteBuffer former(&spare);
  put(former, "all of it");
  const char* block = former.data();
  former.consume(3);
  EXPECT_EQ(spare.memory, nullptr);
  former.consume(6);
  EXPECT_EQ(spare.memory.get(), block);
  EXPECT_GE(spare.capacity, 9U);
  EXPECT_EQ(former.free_size(), 0U);
  ByteBuffer next(&spare);
  put(next, "other");
  EXPECT_EQ(next.data(), block);
  EXPECT_EQ(content(next), "other");
  EXPECT_EQ(spare.memory, nullptr);
  EXPECT_EQ(spare.capacity, 0U);
  put(former, "again");
  EXPECT_NE(former.data(), block);
  EXPECT_EQ(content(next), "other");
}

TEST(ByteBuffer, TakesAllOfTheSpareBlockHoweverLittleItNeeds) {
  SpareBlock spare;
  ByteBuffer buffer(&spare);
  ASSERT_NE(buffer.reserve(4096), nullptr);
  buffer.release_if_empty();
  EXPECT_EQ(spare.capacity, 4096U);
  ASSERT_NE(buffer.reserve(1), nullptr);
  EXPECT_EQ(buffer.free_size(), 4096U);
}

TEST(ByteBuffer, LeavesASpareBlockAloneThatIsTooSmall) {
  SpareBlock spare;
  ByteBuffer small(&spare);
  put(small, "small");
  small.clear();
  const char* block = spare.memory.get();
  const size_t capacity = spare.capacity;
  ByteBuffer large(&spare);
  put(large, std::string(capacity + 1, 'x'));
  EXPECT_EQ(spare.memory.get(), block);
  EXPECT_EQ(spare.capacity, capacity);
}

TEST(ByteBuffer, TakesNoSpareBlockBesideItsOwn) {
  SpareBlock spare;
  ByteBuffer own(&spare);
  put(own, "own bytes");
  ByteBuffer other(&spare);
  put(other, std::string(1000, 'x'));
  other.clear();
  put(own, std::string(500, 'y'));
  EXPECT_EQ(content(own), "own bytes" + std::string(500, 'y'));
  EXPECT_EQ(spare.capacity, 1000U);
}

TEST(ByteBuffer, KeepsTheLargerOfTwoSpareBlocks) {
  SpareBlock spare;
  ByteBuffer first(&spare);
  ByteBuffer larger(&spare);
  ByteBuffer smaller(&spare);
  for (const auto& [buffer, size] : {std::pair{&first, 200}, {&larger, 300}, {&smaller, 100}}) {
    ASSERT_NE(buffer->reserve(static_cast<size_t>(size)), nullptr);
  }
  first.release_if_empty();
  EXPECT_EQ(spare.capacity, 200U);
  larger.release_if_empty();
  EXPECT_EQ(spare.capacity, 300U);
  const char* block = spare.memory.get();
  smaller.release_if_empty();
  EXPECT_EQ(spare.capacity, 300U);
  EXPECT_EQ(spare.memory.get(), block);
  EXPECT_EQ(smaller.free_size(), 0U);
}

TEST(ByteBuffer, KeepsNoSpareBlockThatIsLargerThanAnyMayBe) {
  SpareBlock spare;
  ByteBuffer buffer(&spare);
  ASSERT_NE(buffer.reserve(SpareBlock::kLargest + 1), nullptr);
  buffer.release_if_empty();
  EXPECT_EQ(buffer.free_size(), 0U);
  EXPECT_EQ(spare.memory, nullptr);
  EXPECT_EQ(spare.capacity, 0U);
  ASSERT_NE(buffer.reserve(SpareBlock::kLargest), nullptr);
  buffer.release_if_empty();
  EXPECT_NE(spare.memory, nullptr);
  EXPECT_EQ(spare.capacity, SpareBlock::kLargest);
}

}  // namespace
}  // namespace pipe_core
