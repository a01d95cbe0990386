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

// What has happened already ends it at once.
int ExitWatch::arm() {
  operation_.hold();
  process_->watch_exit();
  return 0;
}

}  // namespace pipe_core
