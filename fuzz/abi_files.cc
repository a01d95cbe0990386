// Joints that are files.
#include <cerrno>

#include "abi_calls.h"

namespace {

void open_file(Host& host, Input& input) {
  static constexpr const char* kPaths[] = {"/dev/null", "/dev/full", "/no/such/file", nullptr};
  auto* place = host.joints.free_one();
  const char* path = input.one_of(kPaths);
  const int access = static_cast<int>(input.below(5)) - 1;
  pipe_joint* joint = nullptr;
  const int status = pipe_joint_open_file(path, access, place == nullptr ? nullptr : &joint);
  if (place == nullptr || path == nullptr || access < PIPE_ACCESS_READ || access > PIPE_ACCESS_APPEND) {
    MUST(status == -EINVAL && joint == nullptr);
  } else if (path == kPaths[2]) {
    MUST(status == -ENOENT && joint == nullptr);
  } else {
    MUST(status == PIPE_OK);
    *place = std::make_shared<HostJoint>(HostJoint{joint, true});
  }
}

constexpr Call kCalls[] = {{"pipe_joint_open_file", open_file}};

}  // namespace

std::span<const Call> file_calls() { return kCalls; }
