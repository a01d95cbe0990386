#include "program_paths.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace pipe_core {
namespace {

constexpr const char* kDefaultPath = "/bin:/usr/bin";  // confstr(3)'s _CS_PATH, for a host without PATH

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
  pointers_.resize(paths_.size() + 1);  // the last one stays nullptr
  std::transform(paths_.begin(), paths_.end(), pointers_.begin(), [](const std::string& path) { return path.c_str(); });
}

}  // namespace pipe_core
