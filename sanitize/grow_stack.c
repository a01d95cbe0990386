/* Preloaded into what valgrind runs. There the main stack grows for every signal handler but one that asks for an
 * alternate stack (SA_ONSTACK), as ours do, even if there is none: the first signal at a depth that was not reached
 * before would end the process. So this depth is reached before main(). */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <valgrind/valgrind.h>

enum { DEPTH = 256 << 10, REPORT = 9 };

__attribute__((constructor)) static void grow_stack(void) {
  if (!RUNNING_ON_VALGRIND) return; /* the shell that starts valgrind */
  char deep[DEPTH];
  explicit_bzero(deep, sizeof deep);
  unsetenv("LD_PRELOAD"); /* children do not need it */
  close(REPORT);          /* valgrind has a copy of its own, out of everybody's way */
}
