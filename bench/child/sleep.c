// A child that lives until it is killed, or until its parent dies: a benchmark that is interrupted leaves none behind.
#include <signal.h>
#include <sys/prctl.h>

#include "bare_syscall.h"

void _start(void);

void _start(void) {
  if (bare_syscall(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0) != 0) bare_syscall(SYS_exit_group, 1, 0, 0, 0);
  for (;;) bare_syscall(SYS_ppoll, 0, 0, 0, 0);  // arm64 has no pause(2)
}
