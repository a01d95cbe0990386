#include "process_tree.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <vector>

#include "descriptors.h"

namespace pipe_core {
namespace {

std::vector<pid_t> pids_of(ProcessTree& tree) {
  std::vector<pid_t> pids;
  tree.for_each([&](Child& child) { pids.push_back(child.pid()); });
  return pids;
}

TEST(ProcessTree, IsEmptyAtFirst) {
  ProcessTree tree;
  EXPECT_EQ(tree.size(), 0U);
  EXPECT_EQ(tree.find(1), nullptr);
  EXPECT_TRUE(pids_of(tree).empty());
}

TEST(ProcessTree, AgreesWithAMapWhateverIsInsertedAndRemoved) {
  std::mt19937 random(3);
  ProcessTree tree;
  std::map<pid_t, std::unique_ptr<Child>> model;
  for (int round = 0; round < 50000; ++round) {
    const auto pid = static_cast<pid_t>(1 + random() % 2000);
    if (const auto at = model.find(pid); at != model.end()) {
      ASSERT_EQ(tree.find(pid), at->second.get());
      tree.remove(*at->second);
      model.erase(at);
    } else {
      ASSERT_EQ(tree.find(pid), nullptr);
      auto child = std::make_unique<Child>(pid, UniqueFd());
      tree.insert(*child);
      model.emplace(pid, std::move(child));
    }
    ASSERT_EQ(tree.size(), model.size());
    if (round % 1000 != 0) continue;
    std::vector<pid_t> expected;
    for (const auto& [number, child] : model) expected.push_back(number);
    ASSERT_EQ(pids_of(tree), expected);
  }
}

TEST(ProcessTree, HoldsOneChildOfEachPidAndGivesBackTheFormer) {
  ProcessTree tree;
  std::vector<std::unique_ptr<Child>> children;
  for (const pid_t pid : {5, 1, 4, 2, 3}) {
    children.push_back(std::make_unique<Child>(pid, UniqueFd()));
    EXPECT_EQ(tree.insert(*children.back()), nullptr);
  }
  for (const auto& former : children) {
    Child next(former->pid(), UniqueFd());
    EXPECT_EQ(tree.insert(next), former.get());
    EXPECT_EQ(tree.find(next.pid()), &next);
    EXPECT_EQ(pids_of(tree), (std::vector<pid_t>{1, 2, 3, 4, 5}));
    EXPECT_EQ(tree.size(), 5U);
    EXPECT_EQ(tree.insert(*former), &next);
  }
}

TEST(ProcessTree, VisitsEachOnceInTheOrderOfThePidsWhileTheyAreRemoved) {
  ProcessTree tree;
  std::map<pid_t, std::unique_ptr<Child>> children;
  for (const pid_t pid : {5, 1, 4, 2, 3}) {
    auto child = std::make_unique<Child>(pid, UniqueFd());
    tree.insert(*child);
    children.emplace(pid, std::move(child));
  }
  std::vector<pid_t> visited;
  tree.for_each([&](Child& child) {
    visited.push_back(child.pid());
    if (child.pid() % 2 == 0) return;
    tree.remove(child);
    children.erase(child.pid());  // the visited one may be freed, too
  });
  EXPECT_EQ(visited, (std::vector<pid_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(pids_of(tree), (std::vector<pid_t>{2, 4}));
  EXPECT_EQ(tree.size(), 2U);
}

}  // namespace
}  // namespace pipe_core
