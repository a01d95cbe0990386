#include "framing.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>
#include <string_view>

#include "descriptors.h"

namespace pipe_core {
namespace {

constexpr size_t kNoLimit = size_t{1} << 40;
constexpr ReadRequest kAll = {PIPE_READ_ALL, 0};
constexpr ReadRequest kLine = {PIPE_READ_LINE, 0};
constexpr ReadRequest bytes(size_t length) { return {PIPE_READ_BYTES, length}; }
constexpr ReadRequest any(size_t length) { return {PIPE_READ_ANY, length}; }

// A stream as a reader sees it: pieces come, frames are cut and taken.
struct Stream {
  ByteBuffer buffer;
  bool ended = false;
  size_t limit = kNoLimit;

  explicit Stream(std::string_view bytes, bool end = false) : ended(end) { come(bytes); }
  void come(std::string_view bytes) {
    std::memcpy(buffer.reserve(bytes.size() + 1), bytes.data(), bytes.size());
    buffer.commit(bytes.size());
  }
  int cut(const ReadRequest& request, std::string* shown) {
    const Frame frame = cut_frame(buffer, request, ended, limit);
    EXPECT_GE(frame.skip, frame.size);
    EXPECT_LE(frame.skip, buffer.size());
    shown->assign(buffer.data(), frame.size);
    buffer.consume(frame.skip);
    return frame.outcome;
  }
};

struct Cut {
  int outcome;
  std::string shown;
  bool operator==(const Cut&) const = default;
};
void PrintTo(const Cut& cut, std::ostream* out) { *out << cut.outcome << " '" << cut.shown << "'"; }

Cut cut(Stream& stream, const ReadRequest& request) {
  Cut result;
  result.outcome = stream.cut(request, &result.shown);
  return result;
}

TEST(Framing, AllWaitsForTheEndOfFile) {
  Stream stream("abc\n");
  EXPECT_EQ(cut(stream, kAll), (Cut{PIPE_AGAIN, ""}));
  stream.come("def");
  EXPECT_EQ(cut(stream, kAll), (Cut{PIPE_AGAIN, ""}));
  stream.ended = true;
  EXPECT_EQ(cut(stream, kAll), (Cut{PIPE_OK, "abc\ndef"}));
}

TEST(Framing, AllAtTheEndIsAnEmptyStringAlways) {
  Stream stream("", true);
  EXPECT_EQ(cut(stream, kAll), (Cut{PIPE_OK, ""}));
  EXPECT_EQ(cut(stream, kAll), (Cut{PIPE_OK, ""}));
}

TEST(Framing, BytesAreExactlyAsManyAsAskedFor) {
  Stream stream("abc");
  EXPECT_EQ(cut(stream, bytes(4)), (Cut{PIPE_AGAIN, ""}));
  stream.come("defgh");
  EXPECT_EQ(cut(stream, bytes(4)), (Cut{PIPE_OK, "abcd"}));
  EXPECT_EQ(cut(stream, bytes(4)), (Cut{PIPE_OK, "efgh"}));
  EXPECT_EQ(cut(stream, bytes(1)), (Cut{PIPE_AGAIN, ""}));
}

TEST(Framing, NoBytesAreThereAtOnceAlsoInAnEmptyStream) {
  Stream stream("");
  EXPECT_EQ(cut(stream, bytes(0)), (Cut{PIPE_OK, ""}));
  stream.ended = true;
  EXPECT_EQ(cut(stream, bytes(0)), (Cut{PIPE_OK, ""}));
}

TEST(Framing, BytesCutShortByTheEndAreShownAndGone) {
  Stream stream("abc", true);
  EXPECT_EQ(cut(stream, bytes(4)), (Cut{PIPE_CLOSED, "abc"}));
  EXPECT_EQ(cut(stream, bytes(4)), (Cut{PIPE_CLOSED, ""}));
}

TEST(Framing, ALineComesWithoutItsLineEnd) {
  Stream stream("one\ntwo\r\n\n\r\nfive");
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, "one"}));
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, "two"}));
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, ""}));
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, ""}));
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_AGAIN, ""}));
  EXPECT_EQ(cut(stream, bytes(4)), (Cut{PIPE_OK, "five"}));
}

TEST(Framing, ALineKeepsAllCarriageReturnsButTheLastOne) {
  Stream stream("\ra\rb\r\r\n\r\r\n", true);
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, "\ra\rb\r"}));
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, "\r"}));
}

TEST(Framing, ACarriageReturnIsDroppedAlsoWhenItsLineFeedComesLater) {
  Stream stream("ab\r");
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_AGAIN, ""}));
  stream.come("\n");
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, "ab"}));
}

TEST(Framing, ACarriageReturnBeforeTheEndOfFileStays) {
  Stream stream("ab\r", true);
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_CLOSED, "ab\r"}));
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_CLOSED, ""}));
}

TEST(Framing, ACarriageReturnOfTheLineBeforeIsNotOurs) {
  Stream stream("a\r");
  EXPECT_EQ(cut(stream, bytes(2)), (Cut{PIPE_OK, "a\r"}));
  stream.come("\nb");
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, ""}));
}

TEST(Framing, AnyIsWhatIsThereUpToTheLength) {
  Stream stream("abcde");
  EXPECT_EQ(cut(stream, any(3)), (Cut{PIPE_OK, "abc"}));
  EXPECT_EQ(cut(stream, any(3)), (Cut{PIPE_OK, "de"}));
  EXPECT_EQ(cut(stream, any(3)), (Cut{PIPE_AGAIN, ""}));
  stream.come("f");
  stream.ended = true;
  EXPECT_EQ(cut(stream, any(3)), (Cut{PIPE_OK, "f"}));
  EXPECT_EQ(cut(stream, any(3)), (Cut{PIPE_CLOSED, ""}));
}

TEST(Framing, TooMuchLeavesTheDataWhereItIs) {
  for (const bool ended : {false, true}) {
    Stream stream("123456789", ended);
    stream.limit = 8;
    EXPECT_EQ(cut(stream, kAll), (Cut{PIPE_TOO_MUCH, ""}));
    EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_TOO_MUCH, ""}));
    EXPECT_EQ(cut(stream, bytes(9)), (Cut{PIPE_TOO_MUCH, ""}));
    EXPECT_EQ(cut(stream, any(9)), (Cut{PIPE_OK, "12345678"}));
    EXPECT_EQ(cut(stream, bytes(1)), (Cut{PIPE_OK, "9"}));
  }
}

TEST(Framing, WhatIsExactlyAsLongAsTheLimitIsNotTooMuch) {
  Stream stream("12345678");
  stream.limit = 8;
  EXPECT_EQ(cut(stream, kAll), (Cut{PIPE_AGAIN, ""}));
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_AGAIN, ""}));
  EXPECT_EQ(cut(stream, bytes(8)), (Cut{PIPE_OK, "12345678"}));
  stream.come("12345678\n");
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, "12345678"}));
  stream.come("12345678");
  stream.ended = true;
  EXPECT_EQ(cut(stream, kAll), (Cut{PIPE_OK, "12345678"}));
}

TEST(Framing, AllWithinALimitIsAllOrTooMuch) {
  Stream stream("abc");
  const ReadRequest within = {PIPE_READ_WITHIN, 3};
  EXPECT_EQ(cut(stream, within), (Cut{PIPE_AGAIN, ""}));
  stream.come("d");
  EXPECT_EQ(cut(stream, within), (Cut{PIPE_TOO_MUCH, ""}));
  EXPECT_EQ(cut(stream, {PIPE_READ_BYTES, 1}), (Cut{PIPE_OK, "a"}));
  stream.ended = true;
  EXPECT_EQ(cut(stream, {PIPE_READ_WITHIN, 2}), (Cut{PIPE_TOO_MUCH, ""}));
  EXPECT_EQ(cut(stream, within), (Cut{PIPE_OK, "bcd"}));
  EXPECT_EQ(cut(stream, {PIPE_READ_WITHIN, 0}), (Cut{PIPE_OK, ""}));
}

TEST(Framing, BytesBeyondTheLimitAreRefusedBeforeAnyHasCome) {
  Stream stream("");
  stream.limit = 8;
  EXPECT_EQ(cut(stream, bytes(9)), (Cut{PIPE_TOO_MUCH, ""}));
}

TEST(Framing, TheLineEndDoesNotCountTowardsTheLimitHoweverItComes) {
  Stream whole("12345678\r\n");
  whole.limit = 8;
  EXPECT_EQ(cut(whole, kLine), (Cut{PIPE_OK, "12345678"}));
  Stream in_pieces("12345678\r");
  in_pieces.limit = 8;
  EXPECT_EQ(cut(in_pieces, kLine), (Cut{PIPE_AGAIN, ""}));
  in_pieces.come("\n");
  EXPECT_EQ(cut(in_pieces, kLine), (Cut{PIPE_OK, "12345678"}));
}

TEST(Framing, ALineThatEndsOneByteBeyondTheLimitIsTooMuch) {
  Stream stream("123456789\nab\n");
  stream.limit = 8;
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_TOO_MUCH, ""}));
  EXPECT_EQ(cut(stream, bytes(8)), (Cut{PIPE_OK, "12345678"}));
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, "9"}));
  EXPECT_EQ(cut(stream, kLine), (Cut{PIPE_OK, "ab"}));
}

// What the request should give if `rest` is all that is left of the stream. "Any" depends on the pieces: see there.
Cut expected(const std::string& rest, const ReadRequest& request) {
  if (request.mode == PIPE_READ_ALL) return {PIPE_OK, rest};
  if (request.mode == PIPE_READ_BYTES) {
    return rest.size() >= request.length ? Cut{PIPE_OK, rest.substr(0, request.length)} : Cut{PIPE_CLOSED, rest};
  }
  const size_t newline = rest.find('\n');
  if (newline == std::string::npos) return {PIPE_CLOSED, rest};
  const bool has_cr = newline > 0 && rest[newline - 1] == '\r';
  return {PIPE_OK, rest.substr(0, has_cr ? newline - 1 : newline)};
}

ReadRequest random_request(std::mt19937& random) {
  switch (random() % 8) {
    case 0:
      return bytes(random() % 40);
    case 1:
      return any(1 + random() % 40);
    case 2:
      return random() % 50 == 0 ? kAll : kLine;
    default:
      return kLine;
  }
}

TEST(Framing, AnySplitOfTheBytesIntoReadsGivesTheSameFrames) {
  std::mt19937 random(2);
  for (int round = 0; round < 300; ++round) {
    std::string rest(random() % 4000, 'x');
    for (char& byte : rest) byte = "\r\n\r\nabcdefghijklmnopqrstuvwxyz"[random() % 30];
    const std::string source = rest;
    size_t sent = 0;
    Stream stream("");
    while (!rest.empty()) {
      const ReadRequest request = random_request(random);
      Cut result;
      while ((result = cut(stream, request)).outcome == PIPE_AGAIN) {
        const std::string piece = source.substr(sent, random() % 30);
        stream.come(piece);
        sent += piece.size();
        stream.ended = sent == source.size();
      }
      if (request.mode == PIPE_READ_ANY && result.outcome == PIPE_OK) {
        ASSERT_GE(result.shown.size(), 1U);
        ASSERT_LE(result.shown.size(), request.length);
        ASSERT_EQ(result.shown, rest.substr(0, result.shown.size()));
      } else {
        ASSERT_EQ(result, expected(rest, request)) << "mode " << request.mode << " length " << request.length;
      }
      rest = source.substr(sent - stream.buffer.size());
    }
    EXPECT_LT(stream.buffer.scanned(), 2 * source.size() + 1);
  }
}

TEST(Framing, ALineOf128MebibytesInSmallPiecesIsScannedOnce) {
  const std::string piece(1000, 'x');
  Stream stream("");
  size_t came = 0;
  while (came < size_t{128} << 20) {
    stream.come(piece);
    came += piece.size();
    ASSERT_EQ(cut_frame(stream.buffer, kLine, false, kNoLimit).outcome, PIPE_AGAIN);
  }
  stream.come("\r\n");
  const Frame frame = cut_frame(stream.buffer, kLine, false, kNoLimit);
  EXPECT_EQ(frame.outcome, PIPE_OK);
  EXPECT_EQ(frame.size, came);
  EXPECT_EQ(frame.skip, came + 2);
  EXPECT_EQ(stream.buffer.scanned(), came + 2);
}

}  // namespace
}  // namespace pipe_core
