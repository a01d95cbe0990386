// A child started by the spawner alone: no loop, no reaper. What is read and waited for blocks.
#ifndef STARTED_CHILD_H_
#define STARTED_CHILD_H_

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <string>

#include "command.h"
#include "spawner.h"

namespace pipe_core {

struct StartedChild {
  int start(Spawner& spawner, Command& command, bool with_pidfd = true) {
    if (const int status = pipes.open(command.options, &failure); status < 0) return status;
    return spawner.spawn(command.options, pipes, with_pidfd, &failure, &child);
  }
  // Up to `size` bytes, or end of file.
  std::string read(int channel, size_t size = std::string::npos) const {
    std::string bytes;
    pollfd readable = {pipes.parent_ends[channel].get(), POLLIN, 0};
    char byte;
    while (bytes.size() < size && ::poll(&readable, 1, -1) == 1 && ::read(readable.fd, &byte, 1) == 1) bytes += byte;
    return bytes;
  }
  void write(const std::string& bytes) const {
    EXPECT_EQ(::write(pipes.parent_ends[PIPE_STDIN].get(), bytes.data(), bytes.size()),
              static_cast<ssize_t>(bytes.size()));
  }
  // Closes its stdin and returns its status as wait(2) gives it.
  int end() {
    pipes.parent_ends[PIPE_STDIN].reset();
    int status = -1;
    EXPECT_EQ(::waitpid(child->pid(), &status, 0), child->pid());
    return status;
  }
  // Of `cat`: until it has got beyond its loader.
  void echo() const {
    write("x");
    EXPECT_EQ(read(PIPE_STDOUT, 1), "x");
  }
  std::string proc() const { return std::to_string(child->pid()); }

  ChildDescriptors pipes;
  pipe_failure failure = {};
  std::unique_ptr<Child> child;
};

}  // namespace pipe_core

#endif
