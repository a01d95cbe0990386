#include "program_paths.h"

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
  pointers_.reserve(paths_.size() + 1);
  for (const std::string& path : paths_) pointers_.push_back(path.c_str());
  pointers_.push_back(nullptr);
}

}  // namespace pipe_core
