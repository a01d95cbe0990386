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

  pipe_spawn_options options = {};

 private:
  std::vector<std::string> words_;
  std::vector<const char*> argv_;
};

}  // namespace pipe_core

#endif
