/* Preloaded for ThreadSanitizer. libuv closes descriptors by syscall(2), which goes unseen: whoever gets the number
 * next, in another thread, would race with whoever had it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef long Syscall(long number, long a, long b, long c, long d, long e, long f);

static Syscall* real;

__attribute__((constructor)) static void find_real(void) { *(void**)&real = dlsym(RTLD_NEXT, "syscall"); }

/* Its own name is declared with another type. */
__attribute__((visibility("default"))) Syscall seen_syscall __asm__("syscall");
long seen_syscall(long number, long a, long b, long c, long d, long e, long f) {
  return number == SYS_close ? close((int)a) : real(number, a, b, c, d, e, f);
}
