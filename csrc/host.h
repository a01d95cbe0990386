// What the host process forces on every loop in it, whatever the thread: its exit, and its forks.
#ifndef HOST_H_
#define HOST_H_

#include <mutex>

namespace pipe_core {

class Loop;

class Host {
 public:
  // A loop is registered from its opening to its end. The first one installs the handlers: at exit the living
  // children of all loops are killed and reaped, and in a forked child all loops are abandoned. Returns 0 or a negative
  // errno.
  static int add(Loop& loop);
  static void remove(Loop& loop);
  // Guards the list of loops and each loop's process tree: the exit handler may run in any thread.
  static std::mutex& mutex();
};

}  // namespace pipe_core

#endif
