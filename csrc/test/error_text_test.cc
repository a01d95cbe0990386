#include "error_text.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <climits>
#include <cstring>
#include <string>
#include <uv.h>

#include "descriptors.h"

namespace pipe_core {
namespace {

TEST(ErrorText, IsWhatStrerrorSays) {
  for (const int number : {ENOENT, EACCES, EMFILE, ENOEXEC, E2BIG, ECHILD}) {
    char text[256];
    const size_t length = error_text(-number, text, sizeof text);
    EXPECT_EQ(std::string(text), std::strerror(number));
    EXPECT_EQ(length, std::strlen(text));
  }
}

TEST(ErrorText, IsCutToFitAndAlwaysEnds) {
  char text[] = "0123456789";
  EXPECT_EQ(error_text(-ENOENT, text, 8), 7U);
  EXPECT_STREQ(text, "No such");
  EXPECT_EQ(text[8], '8');
  EXPECT_EQ(error_text(-ENOENT, text, 1), 0U);
  EXPECT_STREQ(text, "");
}

TEST(ErrorText, TouchesNothingWhereThereIsNoRoom) {
  char text[] = "x";
  EXPECT_EQ(error_text(-ENOENT, text, 0), 0U);
  EXPECT_STREQ(text, "x");
}

TEST(ErrorText, SaysSomethingAboutANumberThatIsNoError) {
  for (const int code : {-100000, INT_MAX, INT_MIN}) {
    char text[256];
    EXPECT_GT(error_text(code, text, sizeof text), 0U);
  }
}

TEST(ErrorName, IsTheNameOfTheErrno) {
  EXPECT_STREQ(error_name(-ENOENT), "ENOENT");
  EXPECT_STREQ(error_name(-ECHILD), "ECHILD");
  EXPECT_STREQ(error_name(UV_EMFILE), "EMFILE");
  EXPECT_STREQ(error_name(-EAGAIN), "EAGAIN");
}

TEST(ErrorName, IsEmptyForANumberWithoutName) {
  for (const int code : {-100000, INT_MAX, INT_MIN}) EXPECT_STREQ(error_name(code), "");
  EXPECT_STREQ(error_name(UV_EOF), "");
}

}  // namespace
}  // namespace pipe_core
