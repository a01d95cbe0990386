// What a negative errno is called.
#ifndef ERROR_TEXT_H_
#define ERROR_TEXT_H_

#include <cstddef>

namespace pipe_core {

// strerror(3)'s text, without its buffer; returns the length.
size_t error_text(int code, char* buffer, size_t size);
// "ENOENT"; "" if it has no name.
const char* error_name(int code);

}  // namespace pipe_core

#endif
