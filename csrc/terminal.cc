#include "terminal.h"

#include <cerrno>
#include <cstdlib>
#include <sys/ioctl.h>
#include <termios.h>

namespace pipe_core {
namespace {

// Linux 4.13: the other side without its path, which a mount namespace may not have.
int open_peer(const UniqueFd& master, UniqueFd* terminal) {
  terminal->reset(::ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!*terminal) {
    char path[64];
    if (const int error = ::ptsname_r(master.get(), path, sizeof path); error != 0) return -error;
    terminal->reset(::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!*terminal) return -errno;
  }
  return terminal->move_above_stdio();
}

}  // namespace

int open_terminal(int rows, int columns, UniqueFd* master, UniqueFd* terminal) {
  master->reset(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
  if (!*master) return -errno;
  // No grantpt(3): devpts gives the right owner and mode, and glibc's may fork.
  if (::unlockpt(master->get()) != 0) return -errno;
  int status = master->move_above_stdio();
  if (status == 0) status = open_peer(*master, terminal);
  return status < 0 ? status : resize_terminal(master->get(), rows, columns);
}

int resize_terminal(int master, int rows, int columns) {
  const winsize size = {static_cast<unsigned short>(rows), static_cast<unsigned short>(columns), 0, 0};
  return ::ioctl(master, TIOCSWINSZ, &size) == 0 ? 0 : -errno;
}

int type_end_of_file(int master, bool at_line_start) {
  termios settings;
  if (::tcgetattr(master, &settings) != 0) return -errno;
  const auto character = static_cast<char>(settings.c_cc[VEOF]);
  if ((settings.c_lflag & ICANON) == 0 || character == _POSIX_VDISABLE) return 0;
  for (int missing = at_line_start ? 1 : 2; missing > 0;) {
    if (::write(master, &character, 1) == 1) {
      --missing;
    } else if (errno != EINTR) {         // a signal that is pending: the kernel looks for one before it takes anything
      return errno == EIO ? 0 : -errno;  // EIO: nobody has the other side open any more
    }
  }
  return 0;
}

}  // namespace pipe_core
