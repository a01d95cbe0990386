// The child of abi_fuzz. Does what each of its arguments says, in their order, and exits with 0:
//   oTEXT, eTEXT  writes TEXT to stdout, to stderr
//   r             reads something from stdin
//   i             closes stdout
//   f             forks a grandchild with the same descriptors, which lives until it is killed
//   p             does nothing any more, until it is killed
//   k             kills itself
//   xDIGIT        exits with that
#define _GNU_SOURCE
#include <signal.h>
#include <string.h>
#include <unistd.h>

static void write_all(int fd, const char* text) {
  for (size_t left = strlen(text); left > 0;) {
    const ssize_t size = write(fd, text, left);
    if (size < 0) return;
    text += size;
    left -= (size_t)size;
  }
}

static void live_until_killed(void) {
  for (;;) pause();
}

int main(int argc, char** argv) {
  char came[64];
  for (int i = 1; i < argc; ++i) {
    const char* text = argv[i] + 1;
    switch (argv[i][0]) {
      case 'o':
        write_all(STDOUT_FILENO, text);
        break;
      case 'e':
        write_all(STDERR_FILENO, text);
        break;
      case 'r':
        if (read(STDIN_FILENO, came, sizeof came) < 0) break;
        break;
      case 'i':
        close(STDOUT_FILENO);
        break;
      case 'f':
        if (fork() == 0) live_until_killed();
        break;
      case 'p':
        live_until_killed();
        break;
      case 'k':
        kill(getpid(), SIGKILL);
        break;
      default:
        return *text - '0';
    }
  }
  return 0;
}
