// What needs no handle.
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstring>

#include "abi_calls.h"

namespace {

int choose_code(Input& input) {
  static constexpr int kCodes[] = {-ENOENT, -EPERM, 0, 1, -99999, INT_MAX, INT_MIN, -INT_MAX};
  return input.once_in(4) ? -static_cast<int>(input.byte()) : input.one_of(kCodes);
}

void abi_version(Host&, Input&) { MUST(pipe_abi_version() == PIPE_ABI_VERSION); }

void error_text(Host&, Input& input) {
  const size_t size = input.size();
  const auto text = std::make_unique<char[]>(size);
  const size_t length = pipe_error_text(choose_code(input), text.get(), size);
  MUST(size == 0 ? length == 0 : length < size && length == std::strlen(text.get()));
}

void error_name(Host&, Input& input) { MUST(pipe_error_name(choose_code(input)) != nullptr); }

void environment(Host&, Input&) { MUST(pipe_environment() != nullptr); }

void file_descriptor(Host&, Input& input) {
  const bool nothing = input.once_in(2);
  MUST(pipe_file_descriptor(nothing ? nullptr : stderr) == (nothing ? -EINVAL : 2));
}

void user_find(Host&, Input& input) {
  static constexpr const char* kNames[] = {"root", "no-such-user", nullptr, ""};
  const size_t room = input.below(3);
  const auto groups = std::make_unique<unsigned[]>(room);
  pipe_account account = {};
  account.uid = static_cast<unsigned>(input.byte()) << 8;
  account.group_count = room;
  account.groups = input.once_in(4) ? nullptr : groups.get();
  const bool nowhere = account.groups == nullptr && room > 0;
  const int status = pipe_user_find(input.one_of(kNames), &account);
  if (nowhere) {
    MUST(status == -EINVAL);
    return;
  }
  MUST(status == PIPE_OK || status == PIPE_TOO_MUCH || status == -ENOENT);
  if (status == PIPE_OK) MUST(account.group_count <= room);
  if (status == PIPE_TOO_MUCH) MUST(account.group_count > room);
}

void group_find(Host&, Input& input) {
  static constexpr const char* kNames[] = {"root", "no-such-group", nullptr};
  const char* name = input.one_of(kNames);
  unsigned gid = 1;
  const int status = pipe_group_find(name, &gid);
  MUST(name == nullptr ? status == -EINVAL : status == PIPE_OK ? gid == 0 : status == -ENOENT);
}

constexpr Call kCalls[] = {
    {"pipe_abi_version", abi_version}, {"pipe_error_text", error_text},           {"pipe_error_name", error_name},
    {"pipe_environment", environment}, {"pipe_file_descriptor", file_descriptor}, {"pipe_user_find", user_find},
    {"pipe_group_find", group_find},
};

}  // namespace

std::span<const Call> plain_calls() { return kCalls; }
