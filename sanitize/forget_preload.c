/* Preloaded with the sanitizers, and last: takes LD_PRELOAD away from the children of the program under test. */
#define _GNU_SOURCE
#include <stdlib.h>

__attribute__((constructor)) static void forget_preload(void) { unsetenv("LD_PRELOAD"); }
