#include "exit_watch.h"

#include "process.h"

namespace pipe_core {

ExitWatch::ExitWatch(Process& process) : Channel(process.loop()), process_(&process) {
  loop_.ref();
  process.add(*this);
}

ExitWatch::~ExitWatch() {
  if (process_ != nullptr) process_->remove(*this);
  operation_.cancel();
  loop_.unref();
}

int ExitWatch::start(uint32_t token, uint32_t timeout_ms) {
  if (!operation_.busy()) operation_.hold();
  return Channel::start(token, timeout_ms);
}

// What has happened already ends it at once.
int ExitWatch::arm() { return process_->watch_exit(); }

}  // namespace pipe_core
