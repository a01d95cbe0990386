// What this process does when a signal comes: our handler, put where the host's was, and the host's, put back. For the
// whole process, as the kernel has it. It knows nothing of pipes and loops.
#ifndef DISPOSITIONS_H_
#define DISPOSITIONS_H_

#include <csignal>
#include <mutex>

namespace pipe_core {

class Dispositions {
 public:
  static constexpr int kSignals = 65;

  enum class Claim {
    kBeside,  // the host's handler is called too, and what the host ignores is left alone
    kInstead  // of whatever the host has there, but for a SIGCHLD handler: children are everybody's
  };
  // Called in the handler: async-signal-safe things only.
  using Listener = void (*)(int signum);

  // From now on the signal is caught, until as many release() of it as claim(). Returns 0 or a negative errno; EINVAL
  // for kBeside of a signal that the host ignores.
  static int claim(int signum, Claim claim);
  // With the last claim the host's disposition is put back, unless somebody has put a handler over ours; with the last
  // kInstead the ignoring is.
  static void release(int signum, Claim claim);

  // The listener hears of what comes to the process that called this last, and never of what comes to a forked copy of
  // it; in a copy that calls this the parent's claims end. With mutex() held. Returns 0 or a negative errno.
  static int listen(Listener listener);
  // Whether this is the process that called listen(), and no copy.
  static bool listening();
  // For pthread_atfork(3), in a child, with mutex() held: its signals do what they did before they were caught. In
  // other copies each does when it comes.
  static void put_back();

  // Handlers take no lock.
  static std::mutex& mutex();
};

}  // namespace pipe_core

#endif
