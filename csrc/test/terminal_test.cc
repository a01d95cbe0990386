#include "terminal.h"

#include <gtest/gtest.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "descriptors.h"
#include "forked.h"
#include "refused_argument.h"

namespace {

int writes_that_a_signal_interrupts = 0;

}  // namespace

extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
  if (writes_that_a_signal_interrupts == 0) return ::syscall(SYS_write, fd, bytes, size);
  --writes_that_a_signal_interrupts;
  errno = EINTR;
  return -1;
}

namespace pipe_core {
namespace {

struct Pair {
  UniqueFd master;
  UniqueFd terminal;
  int open(int rows = 24, int columns = 80) { return open_terminal(rows, columns, &master, &terminal); }
};

std::string size_of(const UniqueFd& terminal) {
  winsize size = {};
  EXPECT_EQ(::ioctl(terminal.get(), TIOCGWINSZ, &size), 0);
  return std::to_string(size.ws_row) + " x " + std::to_string(size.ws_col);
}

// What one read of the child's gives; it does not wait longer than the kernel takes to hand over what was typed.
std::string one_read(const UniqueFd& terminal) {
  char bytes[100];
  const ssize_t size = ::read(terminal.get(), bytes, sizeof bytes);
  return size < 0 ? "error" : "'" + std::string(bytes, static_cast<size_t>(size)) + "'";
}

void type(const Pair& pair, const std::string& text) {
  ASSERT_EQ(::write(pair.master.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
}

template <class Change>
void change_settings(const UniqueFd& terminal, Change change) {
  termios settings;
  ASSERT_EQ(::tcgetattr(terminal.get(), &settings), 0);
  change(settings);
  ASSERT_EQ(::tcsetattr(terminal.get(), TCSANOW, &settings), 0);
}

TEST(Terminal, HasTwoSidesOfWhichTheHostsDoesNotBlock) {
  Pair pair;
  ASSERT_EQ(pair.open(), 0);
  EXPECT_EQ(::isatty(pair.terminal.get()), 1);
  EXPECT_EQ(::fcntl(pair.master.get(), F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR | O_NONBLOCK);
  EXPECT_EQ(::fcntl(pair.terminal.get(), F_GETFL) & (O_ACCMODE | O_NONBLOCK), O_RDWR);
  EXPECT_EQ(::fcntl(pair.master.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(::fcntl(pair.terminal.get(), F_GETFD), FD_CLOEXEC);
  type(pair, "in\n");
  EXPECT_EQ(one_read(pair.terminal), "'in\n'");
  EXPECT_EQ(one_read(pair.master), "'in\r\n'") << "the echo";
}

TEST(Terminal, HasItsSizeFromTheStartAndGetsAnother) {
  Pair pair;
  ASSERT_EQ(pair.open(30, 100), 0);
  EXPECT_EQ(size_of(pair.terminal), "30 x 100");
  EXPECT_EQ(resize_terminal(pair.master.get(), 65535, 1), 0);
  EXPECT_EQ(size_of(pair.terminal), "65535 x 1");
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_EQ(resize_terminal(null.get(), 1, 1), -ENOTTY);
  EXPECT_EQ(resize_terminal(-1, 1, 1), -EBADF);
}

TEST(Terminal, IsOpenedByItsPathWhereTheKernelHasNoOtherWay) {
  in_forked_process([] {
    refuse_argument(SYS_ioctl, 1, TIOCGPTPEER, EINVAL);
    Pair pair;
    ASSERT_EQ(pair.open(30, 100), 0);
    EXPECT_EQ(size_of(pair.terminal), "30 x 100");
    EXPECT_EQ(::fcntl(pair.terminal.get(), F_GETFD), FD_CLOEXEC);
  });
}

TEST(Terminal, ThatTheSystemRefusesLeavesNothing) {
  for (const unsigned long request : {TIOCSPTLCK, static_cast<unsigned long>(TIOCSWINSZ)}) {
    in_forked_process([request] {
      refuse_argument(SYS_ioctl, 1, static_cast<unsigned>(request), EACCES);
      const auto before = open_descriptors();
      { EXPECT_EQ(Pair().open(), -EACCES); }
      EXPECT_EQ(open_descriptors(), before);
    });
  }
}

TEST(Terminal, DoesNotBecomeTheHostsOwn) {
  for (const unsigned refused : {0U, static_cast<unsigned>(TIOCGPTPEER)}) {
    in_forked_process([refused] {
      ASSERT_GT(::setsid(), 0);  // whoever leads a session without a terminal gets the first that is opened
      if (refused != 0) refuse_argument(SYS_ioctl, 1, refused, EINVAL);
      Pair pair;
      ASSERT_EQ(pair.open(), 0);
      const UniqueFd own(::open("/dev/tty", O_RDWR | O_CLOEXEC));
      EXPECT_FALSE(own);
      EXPECT_EQ(errno, ENXIO);
    });
  }
}

TEST(Terminal, IsNeverTheHostsOwnThreeWhicheverOfThoseAreClosed) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    in_forked_process([closed] {
      close_stdio(closed);
      Pair pair;
      if (pair.open() != 0) ::_exit(2);  // not by gtest, which prints to 1
      if (pair.master.get() < 3 || pair.terminal.get() < 3) ::_exit(3);
      if (!closed_stdio_is(closed)) ::_exit(4);
    });
  }
}

TEST(Terminal, LeavesNothingWhenDescriptorsRunOut) {
  in_forked_process([] {
    const auto before = open_descriptors();
    const auto end = static_cast<rlim_t>(before.rbegin()->first) + 1;
    const rlim_t holes = end - before.size();
    rlimit limit;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (rlim_t spare = 0; spare <= 2; ++spare) {
      const rlimit few = {end + spare, limit.rlim_max};
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
      int status;
      {
        Pair pair;
        status = pair.open();
      }
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      EXPECT_EQ(status, holes + spare < 2 ? -EMFILE : 0) << spare << " to spare and " << holes << " holes";
      EXPECT_EQ(open_descriptors(), before);
    }
  });
}

TEST(Terminal, GivesEndOfFileAtTheStartOfALine) {
  Pair pair;
  ASSERT_EQ(pair.open(), 0);
  ASSERT_EQ(type_end_of_file(pair.master.get(), true), 0);
  EXPECT_EQ(one_read(pair.terminal), "''");
  type(pair, "line\n");
  ASSERT_EQ(type_end_of_file(pair.master.get(), true), 0);
  EXPECT_EQ(one_read(pair.terminal), "'line\n'");
  EXPECT_EQ(one_read(pair.terminal), "''");
}

TEST(Terminal, GivesTheUnfinishedLineAndThenEndOfFile) {
  Pair pair;
  ASSERT_EQ(pair.open(), 0);
  type(pair, "unfinished");
  ASSERT_EQ(type_end_of_file(pair.master.get(), false), 0);
  EXPECT_EQ(one_read(pair.terminal), "'unfinished'");
  EXPECT_EQ(one_read(pair.terminal), "''");
}

TEST(Terminal, GivesEndOfFileThoughSignalsInterruptIt) {
  Pair pair;
  ASSERT_EQ(pair.open(), 0);
  type(pair, "unfinished");
  writes_that_a_signal_interrupts = 2;
  ASSERT_EQ(type_end_of_file(pair.master.get(), false), 0);
  EXPECT_EQ(one_read(pair.terminal), "'unfinished'");
  EXPECT_EQ(one_read(pair.terminal), "''");
}

TEST(Terminal, TypesTheCharacterThatTheChildHasChosen) {
  Pair pair;
  ASSERT_EQ(pair.open(), 0);
  change_settings(pair.terminal, [](termios& settings) { settings.c_cc[VEOF] = '!'; });
  ASSERT_EQ(type_end_of_file(pair.master.get(), true), 0);
  EXPECT_EQ(one_read(pair.terminal), "''");
}

TEST(Terminal, TypesNothingWhereNoCharacterMeansEndOfFile) {
  const auto raw = [](termios& settings) { ::cfmakeraw(&settings); };
  const auto disabled = [](termios& settings) { settings.c_cc[VEOF] = _POSIX_VDISABLE; };
  for (void (*change)(termios&) : {static_cast<void (*)(termios&)>(raw), static_cast<void (*)(termios&)>(disabled)}) {
    Pair pair;
    ASSERT_EQ(pair.open(), 0);
    change_settings(pair.terminal, change);
    ASSERT_EQ(type_end_of_file(pair.master.get(), true), 0);
    ASSERT_EQ(type_end_of_file(pair.master.get(), false), 0);
    type(pair, "first\n");
    EXPECT_EQ(one_read(pair.terminal), "'first\n'");
  }
}

TEST(Terminal, NeedsNoEndOfFileWhenNobodyHasItOpen) {
  Pair pair;
  ASSERT_EQ(pair.open(), 0);
  pair.terminal.reset();
  EXPECT_EQ(type_end_of_file(pair.master.get(), true), 0);
}

TEST(Terminal, SaysThatThereIsNoRoomForTheEndOfFile) {
  Pair pair;
  ASSERT_EQ(pair.open(), 0);
  ASSERT_EQ(::tcflow(pair.master.get(), TCOOFF), 0);  // it takes nothing any more, as when it is full
  ASSERT_EQ(::write(pair.master.get(), "x", 1), -1);
  ASSERT_EQ(errno, EAGAIN);
  EXPECT_EQ(type_end_of_file(pair.master.get(), true), -EAGAIN);
}

TEST(Terminal, OfAnotherKindOfFileIsNone) {
  const UniqueFd null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  EXPECT_EQ(type_end_of_file(null.get(), true), -ENOTTY);
}

}  // namespace
}  // namespace pipe_core
