#include "deadlines.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <random>
#include <vector>

namespace pipe_core {
namespace {

struct Told final : Deadline {
  void expire() override {
    ++times;
    then();
  }
  int times = 0;
  std::function<void()> then = [] {};
};

constexpr uint64_t kHour = uint64_t{3600} * 1000000000;

TEST(Deadlines, NeverIsWithoutAny) {
  Deadlines deadlines;
  EXPECT_EQ(deadlines.until_next(), Deadlines::kNever);
  deadlines.expire();
}

TEST(Deadlines, TellOnlyWhoseTimeHasComeAndOnce) {
  Deadlines deadlines;
  Told due;
  Told later;
  ASSERT_EQ(deadlines.add(later, Deadlines::now() + kHour), 0);
  ASSERT_EQ(deadlines.add(due, Deadlines::now()), 0);
  EXPECT_EQ(deadlines.until_next(), 0);
  deadlines.expire();
  deadlines.expire();
  EXPECT_EQ(due.times, 1);
  EXPECT_EQ(later.times, 0);
  EXPECT_GT(deadlines.until_next(), 3500 * 1000);
  EXPECT_LE(deadlines.until_next(), 3600 * 1000);
}

TEST(Deadlines, WaitingForTheNextOneIsNeverTooShort) {
  Deadlines deadlines;
  Told due;
  const uint64_t ns = Deadlines::now() + 2500000;
  ASSERT_EQ(deadlines.add(due, ns), 0);
  const int ms = deadlines.until_next();
  EXPECT_GE(Deadlines::now() + static_cast<uint64_t>(ms) * 1000000, ns);
}

TEST(Deadlines, OfTheFarFutureFitIntoAnInt) {
  Deadlines deadlines;
  Told late;
  ASSERT_EQ(deadlines.add(late, ~uint64_t{0}), 0);
  EXPECT_EQ(deadlines.until_next(), 2147483647);
}

TEST(Deadlines, RemovedAreNotTold) {
  Deadlines deadlines;
  Told told;
  Told other;
  deadlines.remove(told);
  ASSERT_EQ(deadlines.add(told, 0), 0);
  ASSERT_EQ(deadlines.add(other, 0), 0);
  deadlines.remove(told);
  deadlines.remove(told);
  deadlines.expire();
  EXPECT_EQ(told.times, 0);
  EXPECT_EQ(other.times, 1);
  EXPECT_EQ(deadlines.until_next(), Deadlines::kNever);
}

TEST(Deadlines, MayBeAddedAndRemovedByOneThatIsTold) {
  Deadlines deadlines;
  Told first;
  Told removed;
  Told added;
  first.then = [&] {
    deadlines.remove(removed);
    EXPECT_EQ(deadlines.add(added, Deadlines::now() + kHour), 0);
    EXPECT_EQ(deadlines.add(first, Deadlines::now() + kHour), 0);
  };
  ASSERT_EQ(deadlines.add(first, 1), 0);
  ASSERT_EQ(deadlines.add(removed, 2), 0);
  deadlines.expire();
  EXPECT_EQ(first.times, 1);
  EXPECT_EQ(removed.times, 0);
  deadlines.remove(first);
  deadlines.remove(added);
  EXPECT_EQ(deadlines.until_next(), Deadlines::kNever);
}

TEST(Deadlines, InAnyOrderAreToldInTheirsWhoeverLeaves) {
  std::mt19937 random(7);
  for (size_t count = 1; count < 60; ++count) {
    Deadlines deadlines;
    std::vector<Told> all(count);
    std::vector<size_t> order(count);
    std::vector<size_t> told;
    for (size_t i = 0; i < count; ++i) {
      order[i] = i;
      all[i].then = [i, &told] { told.push_back(i); };
    }
    std::shuffle(order.begin(), order.end(), random);
    for (const size_t i : order) ASSERT_EQ(deadlines.add(all[i], i + 1), 0);
    std::shuffle(order.begin(), order.end(), random);
    order.resize(count / 3);
    for (const size_t i : order) deadlines.remove(all[i]);
    deadlines.expire();
    EXPECT_EQ(told.size(), count - order.size());
    EXPECT_TRUE(std::is_sorted(told.begin(), told.end()));
    for (const size_t i : order) EXPECT_EQ(all[i].times, 0);
  }
}

}  // namespace
}  // namespace pipe_core
