#include "accounts.h"

#include <cerrno>
#include <grp.h>
#include <pwd.h>
#include <vector>

namespace pipe_core {
namespace {

// Calls `look_up(buffer, size)` with more and more room, until it is enough. Returns 0 or a negative errno.
template <class LookUp>
int with_room(std::vector<char>& buffer, LookUp look_up) {
  constexpr size_t kFirstSize = 1024;
  for (buffer.resize(kFirstSize);; buffer.resize(buffer.size() * 2)) {
    const int error = look_up(buffer.data(), buffer.size());
    if (error != ERANGE) return -error;
  }
}

}  // namespace

int find_user(const char* name, pipe_account* account) {
  std::vector<char> buffer;
  passwd entry = {};
  passwd* found = nullptr;
  const int status = with_room(buffer, [&](char* room, size_t size) {
    return name != nullptr ? ::getpwnam_r(name, &entry, room, size, &found)
                           : ::getpwuid_r(account->uid, &entry, room, size, &found);
  });
  if (found == nullptr) return status < 0 ? status : -ENOENT;
  account->uid = entry.pw_uid;
  account->gid = entry.pw_gid;
  int count = static_cast<int>(account->group_count);
  const bool enough = ::getgrouplist(entry.pw_name, entry.pw_gid, account->groups, &count) >= 0;
  // It fails for want of memory, too, and says so by nothing but that it wants no more room.
  if (!enough && static_cast<size_t>(count) <= account->group_count) return -ENOMEM;
  account->group_count = static_cast<size_t>(count);
  return enough ? PIPE_OK : PIPE_TOO_MUCH;
}

int find_group(const char* name, unsigned* gid) {
  std::vector<char> buffer;
  group entry = {};
  group* found = nullptr;
  const int status =
      with_room(buffer, [&](char* room, size_t size) { return ::getgrnam_r(name, &entry, room, size, &found); });
  if (found == nullptr) return status < 0 ? status : -ENOENT;
  *gid = entry.gr_gid;
  return PIPE_OK;
}

}  // namespace pipe_core
