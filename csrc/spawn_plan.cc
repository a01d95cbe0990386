#include "spawn_plan.h"

#include <cerrno>
#include <cstring>
#include <string_view>

namespace pipe_core {
namespace {

constexpr const char* kDefaultPath = "/bin:/usr/bin";  // confstr(3)'s _CS_PATH, for a host without PATH

int open_pipe(UniqueFd& read_end, UniqueFd& write_end) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return -errno;
  read_end.reset(ends[0]);
  write_end.reset(ends[1]);
  const int status = read_end.move_above_stdio();
  return status < 0 ? status : write_end.move_above_stdio();
}

}  // namespace

ProgramPaths::ProgramPaths(const char* file, const char* search_path) {
  if (std::strchr(file, '/') != nullptr || *file == '\0') {
    paths_.emplace_back(file);
  } else {
    std::string_view rest = search_path != nullptr ? search_path : kDefaultPath;
    for (;;) {
      const size_t colon = rest.find(':');
      const std::string_view directory = rest.substr(0, colon);
      // An empty element is the current directory.
      paths_.push_back(directory.empty() ? "./" + std::string(file) : std::string(directory) + "/" + file);
      if (colon == std::string_view::npos) break;
      rest.remove_prefix(colon + 1);
    }
  }
  pointers_.reserve(paths_.size() + 1);
  for (const std::string& path : paths_) pointers_.push_back(path.c_str());
  pointers_.push_back(nullptr);
}

int StdioPipes::open(bool merge_stderr) {
  for (int number = PIPE_STDIN; number <= PIPE_STDERR; ++number) {
    if (number == PIPE_STDERR && merge_stderr) break;
    const bool child_reads = number == PIPE_STDIN;
    UniqueFd& parent_end = parent_ends[number];
    UniqueFd& child_end = child_ends[number];
    int status = child_reads ? open_pipe(child_end, parent_end) : open_pipe(parent_end, child_end);
    // F_SETFL of all flags: a fresh pipe end has no other status flag to keep.
    if (status == 0 && ::fcntl(parent_end.get(), F_SETFL, O_NONBLOCK) != 0) status = -errno;
    if (status < 0) return status;
  }
  return 0;
}

}  // namespace pipe_core
