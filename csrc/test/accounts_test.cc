#include "accounts.h"

#include <dlfcn.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string>
#include <vector>

#include "descriptors.h"

namespace {

bool lacks_memory_for_groups = false;

}  // namespace

// In libc's place: without memory it answers as for want of room, and wants no more of that.
extern "C" int getgrouplist(const char* user, gid_t group, gid_t* groups, int* count) {
  static auto* const real = reinterpret_cast<decltype(&getgrouplist)>(::dlsym(RTLD_NEXT, "getgrouplist"));
  return lacks_memory_for_groups ? -1 : real(user, group, groups, count);
}

namespace pipe_core {
namespace {

struct Found {
  int outcome;
  pipe_account account;
  std::vector<unsigned> groups;
};

Found find(const char* name, unsigned uid, size_t room) {
  Found found = {PIPE_OK, {uid, ~0U, room, nullptr}, std::vector<unsigned>(room)};
  found.account.groups = found.groups.data();
  found.outcome = find_user(name, &found.account);
  found.groups.resize(std::min(room, found.account.group_count));
  return found;
}

constexpr size_t kMuchRoom = 1000;
constexpr unsigned kNobodysNumber = 4000000001;

TEST(Accounts, KnowRootByNameAndByNumber) {
  for (const Found& found : {find("root", 99, kMuchRoom), find(nullptr, 0, kMuchRoom)}) {
    EXPECT_EQ(found.outcome, PIPE_OK);
    EXPECT_EQ(found.account.uid, 0U);
    EXPECT_EQ(found.account.gid, 0U);
    EXPECT_EQ(std::count(found.groups.begin(), found.groups.end(), 0U), 1);
  }
}

TEST(Accounts, KnowEveryUserOfTheDatabaseWithHisPrimaryGroup) {
  std::vector<std::string> names;
  ::setpwent();
  while (const passwd* entry = ::getpwent()) names.emplace_back(entry->pw_name);
  ::endpwent();
  ASSERT_FALSE(names.empty());
  for (const std::string& name : names) {
    const Found found = find(name.c_str(), 0, kMuchRoom);
    EXPECT_EQ(found.outcome, PIPE_OK) << name;
    const passwd* entry = ::getpwnam(name.c_str());
    EXPECT_EQ(found.account.uid, entry->pw_uid) << name;
    EXPECT_EQ(found.account.gid, entry->pw_gid) << name;
    EXPECT_EQ(std::count(found.groups.begin(), found.groups.end(), entry->pw_gid), 1) << name;
  }
}

// All that name him as a member.
std::set<unsigned> memberships(const std::string& user) {
  std::set<unsigned> found = {::getpwnam(user.c_str())->pw_gid};
  ::setgrent();
  while (const group* entry = ::getgrent()) {
    for (char** member = entry->gr_mem; *member != nullptr; ++member) {
      if (user == *member) found.insert(entry->gr_gid);
    }
  }
  ::endgrent();
  return found;
}

TEST(Accounts, TellTheSupplementaryGroups) {
  std::set<std::string> users = {"root"};
  ::setgrent();
  while (const group* entry = ::getgrent()) {
    for (char** member = entry->gr_mem; *member != nullptr; ++member) users.insert(*member);
  }
  ::endgrent();
  for (const std::string& user : users) {
    if (::getpwnam(user.c_str()) == nullptr) continue;
    const Found found = find(user.c_str(), 0, kMuchRoom);
    EXPECT_EQ(std::set<unsigned>(found.groups.begin(), found.groups.end()), memberships(user)) << user;
  }
}

TEST(Accounts, TellHowMuchRoomTheGroupsNeed) {
  const Found none = find("root", 0, 0);
  EXPECT_EQ(none.outcome, PIPE_TOO_MUCH);
  EXPECT_EQ(none.account.uid, 0U);
  ASSERT_GE(none.account.group_count, 1U);
  const Found enough = find("root", 0, none.account.group_count);
  EXPECT_EQ(enough.outcome, PIPE_OK);
  EXPECT_EQ(enough.account.group_count, none.account.group_count);
}

TEST(Accounts, SayThatThereIsNoMemoryForTheGroups) {
  lacks_memory_for_groups = true;
  EXPECT_EQ(find("root", 0, kMuchRoom).outcome, -ENOMEM);
  lacks_memory_for_groups = false;
}

TEST(Accounts, SayThatAnUnknownUserIsUnknown) {
  EXPECT_EQ(find("no-such-user", 0, kMuchRoom).outcome, -ENOENT);
  EXPECT_EQ(find("", 0, kMuchRoom).outcome, -ENOENT);
  ASSERT_EQ(::getpwuid(kNobodysNumber), nullptr);
  EXPECT_EQ(find(nullptr, kNobodysNumber, kMuchRoom).outcome, -ENOENT);
}

TEST(Accounts, KnowEveryGroupByItsName) {
  std::vector<std::string> names;
  ::setgrent();
  while (const group* entry = ::getgrent()) names.emplace_back(entry->gr_name);
  ::endgrent();
  ASSERT_FALSE(names.empty());
  for (const std::string& name : names) {
    unsigned gid = ~0U;
    EXPECT_EQ(find_group(name.c_str(), &gid), PIPE_OK) << name;
    EXPECT_EQ(gid, ::getgrnam(name.c_str())->gr_gid) << name;
  }
}

TEST(Accounts, SayThatAnUnknownGroupIsUnknown) {
  unsigned gid = 99;
  EXPECT_EQ(find_group("no-such-group", &gid), -ENOENT);
  EXPECT_EQ(find_group("", &gid), -ENOENT);
  EXPECT_EQ(gid, 99U);
}

}  // namespace
}  // namespace pipe_core
