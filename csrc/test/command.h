// What to start, as pipe.h wants it: the strings, and pointers to them.
#ifndef COMMAND_H_
#define COMMAND_H_

#include <initializer_list>
#include <string>
#include <vector>

#include "pipe.h"

namespace pipe_core {

class Command {
 public:
  Command(std::initializer_list<std::string> words) : words_(words) {
    for (const std::string& word : words_) argv_.push_back(word.c_str());
    argv_.push_back(nullptr);
    options.file = argv_[0];
    options.argv = argv_.data();
    options.buffer_size = 4096;
  }
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  static Command shell(const std::string& script) { return {"/bin/sh", "-c", script}; }

  // Its stdin, stdout and stderr; then what else it gets.
  void descriptors(std::initializer_list<pipe_descriptor> wanted) {
    descriptors_ = wanted;
    options.descriptors = descriptors_.data();
    options.descriptor_count = descriptors_.size();
  }
  void merge_stderr() { descriptors({pipe(PIPE_STDIN), pipe(PIPE_STDOUT), from(PIPE_STDERR, PIPE_SOURCE_STDOUT)}); }

  static pipe_descriptor from(int number, pipe_source source, int fd = -1) {
    return {number, source, fd, PIPE_ACCESS_READ, nullptr, nullptr};
  }
  static pipe_descriptor pipe(int number) { return from(number, PIPE_SOURCE_PIPE); }
  static pipe_descriptor file(int number, const char* path, pipe_access access) {
    return {number, PIPE_SOURCE_FILE, -1, access, path, nullptr};
  }

  pipe_spawn_options options = {};

 private:
  std::vector<std::string> words_;
  std::vector<const char*> argv_;
  std::vector<pipe_descriptor> descriptors_;
};

}  // namespace pipe_core

#endif
