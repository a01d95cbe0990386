// What /proc tells of processes, read once: true of the moment, and of whoever has the pid then. Whether that is still
// the process one means is family_member's question.
#ifndef PROCESS_STAT_H_
#define PROCESS_STAT_H_

#include <cstdint>
#include <sys/types.h>
#include <vector>

namespace pipe_core {

struct ProcessStat {
  pid_t pid;
  pid_t parent;
  char state;           // of the main thread
  long threads;         // the main thread counts even after its end
  uint64_t start_time;  // in clock ticks since boot; with the pid it names a process for good

  // A zombie whose other threads run on has not exited.
  bool exited() const { return (state == 'Z' || state == 'X') && threads <= 1; }
};

// Returns 0 or a negative errno: -ESRCH if there is no such process, or none that we may see; -EACCES if we may see no
// more of it than its pid. Both are what the mount option hidepid does to others' processes.
int read_process(pid_t pid, ProcessStat* process);
// All that we may see, in the order of their pids. -EACCES where these are not the pids that we know them by: a /proc
// of another pid namespace. May throw std::bad_alloc.
int read_processes(std::vector<ProcessStat>* processes);

enum class Motion {
  kStands,   // stopped or dead: it does nothing more by itself
  kBlocked,  // in an uninterruptible sleep, where a stop waits as well
  kRuns
};
// Of the liveliest of its threads. One that cannot be read stands: nobody should wait for it.
Motion motion_of(pid_t pid);

}  // namespace pipe_core

#endif
