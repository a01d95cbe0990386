#include "error_text.h"

#include <cstdio>
#include <cstring>
#include <uv.h>

namespace pipe_core {

// Of INT_MIN too, which no int is the negative of.
static int errno_of(int code) { return static_cast<int>(0U - static_cast<unsigned>(code)); }

size_t error_text(int code, char* buffer, size_t size) {
  if (size == 0) return 0;
  char scratch[256];
  const char* text = ::strerror_r(errno_of(code), scratch, sizeof scratch);  // the GNU one: it returns the text
  std::snprintf(buffer, size, "%s", text);
  return std::strlen(buffer);
}

const char* error_name(int code) {
  const char* name = ::strerrorname_np(errno_of(code));
  return name != nullptr ? name : "";
}

}  // namespace pipe_core
