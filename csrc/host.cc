#include "host.h"

#include <cerrno>
#include <cstdlib>
#include <pthread.h>
#include <sys/queue.h>
#include <type_traits>
#include <unistd.h>

#include "fork_guard.h"
#include "loop.h"

namespace pipe_core {
namespace {

TAILQ_HEAD(LoopList, Loop);
LoopList loops = TAILQ_HEAD_INITIALIZER(loops);

void on_exit() {
  const std::lock_guard<std::mutex> lock(Host::mutex());
  Loop* loop;
  TAILQ_FOREACH(loop, &loops, host_link) {
    // A forked copy of the host may end by exit(3) too: the children are not its own.
    if (!loop->inherited()) loop->kill_children();
  }
  TAILQ_FOREACH(loop, &loops, host_link) {
    if (!loop->inherited()) loop->await_children();
  }
}

void before_fork() {
  Host::mutex().lock();
  SelfPipe::hold_for_fork();
}

void after_fork_in_parent() {
  SelfPipe::release_after_fork();
  Host::mutex().unlock();
}

void after_fork_in_child() {
  SelfPipe::release_in_forked_child();
  Host::mutex().unlock();
  ForkGuard::forget();
  for (Loop *loop = TAILQ_FIRST(&loops), *next; loop != nullptr; loop = next) {
    next = TAILQ_NEXT(loop, host_link);
    loop->abandon();
  }
}

}  // namespace

std::mutex& Host::mutex() {
  // Never destroyed: exit handlers run after static destructors of others.
  static constinit std::mutex mutex;
  static_assert(std::is_trivially_destructible_v<std::mutex>);
  return mutex;
}

int Host::add(Loop& loop) {
  static bool notices_forks = false;
  static bool notices_exit = false;
  const std::lock_guard<std::mutex> lock(mutex());
  if (!notices_forks) notices_forks = ::pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child) == 0;
  if (!notices_exit) notices_exit = std::atexit(on_exit) == 0;
  if (!notices_forks || !notices_exit) return -ENOMEM;
  TAILQ_INSERT_TAIL(&loops, &loop, host_link);
  return 0;
}

void Host::remove(Loop& loop) {
  const std::lock_guard<std::mutex> lock(mutex());
  TAILQ_REMOVE(&loops, &loop, host_link);
}

}  // namespace pipe_core
