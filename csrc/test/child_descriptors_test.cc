#include "child_descriptors.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "command.h"
#include "descriptors.h"
#include "forked.h"
#include "programs.h"
#include "sandbox.h"

namespace pipe_core {
namespace {

int open(ChildDescriptors& descriptors, const pipe_spawn_options& options) {
  pipe_failure failure;
  return descriptors.open(options, &failure);
}

bool is_pipe(int fd) {
  struct stat status = {};
  return ::fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
}

TEST(ChildDescriptors, AreRealPipesWhoseParentsEndsDoNotBlock) {
  ChildDescriptors pipes;
  ASSERT_EQ(open(pipes, {}), 0);
  for (int number = PIPE_STDIN; number <= PIPE_STDERR; ++number) {
    const int parent_end = pipes.parent_ends[number].get();
    const int child_end = pipes.child_ends[number].get();
    const bool child_reads = number == PIPE_STDIN;
    EXPECT_TRUE(is_pipe(parent_end));
    EXPECT_TRUE(is_pipe(child_end));
    EXPECT_EQ(::fcntl(parent_end, F_GETFL) & (O_ACCMODE | O_NONBLOCK),
              (child_reads ? O_WRONLY : O_RDONLY) | O_NONBLOCK);
    EXPECT_EQ(::fcntl(child_end, F_GETFL) & (O_ACCMODE | O_NONBLOCK), child_reads ? O_RDONLY : O_WRONLY);
    EXPECT_EQ(::fcntl(parent_end, F_GETFD), FD_CLOEXEC);
    EXPECT_EQ(::fcntl(child_end, F_GETFD), FD_CLOEXEC);
  }
}

TEST(ChildDescriptors, ConnectTheTwoEndsOfTheSameNumber) {
  ChildDescriptors pipes;
  ASSERT_EQ(open(pipes, {}), 0);
  char byte = 0;
  ASSERT_EQ(::write(pipes.parent_ends[PIPE_STDIN].get(), "i", 1), 1);
  ASSERT_EQ(::read(pipes.child_ends[PIPE_STDIN].get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'i');
  for (const int number : {PIPE_STDOUT, PIPE_STDERR}) {
    const char sent = static_cast<char>('0' + number);
    ASSERT_EQ(::write(pipes.child_ends[number].get(), &sent, 1), 1);
    ASSERT_EQ(::read(pipes.parent_ends[number].get(), &byte, 1), 1);
    EXPECT_EQ(byte, sent);
  }
}

TEST(ChildDescriptors, AreTwoWhenStderrIsMerged) {
  ChildDescriptors pipes;
  Command command = {"cat"};
  command.merge_stderr();
  ASSERT_EQ(open(pipes, command.options), 0);
  EXPECT_TRUE(pipes.child_ends[PIPE_STDOUT]);
  EXPECT_FALSE(pipes.child_ends[PIPE_STDERR]);
  EXPECT_FALSE(pipes.parent_ends[PIPE_STDERR]);
}

TEST(ChildDescriptors, LeaveNothingWhenDescriptorsRunOut) {
  in_forked_process([] {
    const auto before = open_descriptors();
    for (rlim_t spare = 0; spare < 6; ++spare) {
      // Descriptors are given out from the lowest number: these are the free ones below the limit.
      rlimit limit;
      ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
      limit.rlim_cur = static_cast<rlim_t>(before.rbegin()->first) + 1 + spare;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      int status;
      {
        ChildDescriptors pipes;
        status = open(pipes, {});
      }
      limit.rlim_cur = limit.rlim_max;
      ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      const rlim_t holes = static_cast<rlim_t>(before.rbegin()->first) + 1 - before.size();
      EXPECT_EQ(status, holes + spare < 6 ? -EMFILE : 0) << spare << " to spare and " << holes << " holes";
      EXPECT_EQ(open_descriptors(), before);
    }
  });
}

TEST(ChildDescriptors, AreNeverTheHostsOwnThreeWhicheverOfThoseAreClosed) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    in_forked_process([closed] {
      close_stdio(closed);
      ChildDescriptors pipes;
      if (open(pipes, {}) != 0) ::_exit(2);  // not by gtest, which prints to 1
      for (int number = 0; number < 3; ++number) {
        if (pipes.parent_ends[number].get() < 3 || pipes.child_ends[number].get() < 3) ::_exit(3);
      }
      if (!closed_stdio_is(closed)) ::_exit(4);
    });
  }
}

// Opens what stdout and the others are to be, beside a pipe for stdin.
class Opened {
 public:
  explicit Opened(pipe_descriptor out) : Opened(out, Command::from(PIPE_STDERR, PIPE_SOURCE_NULL)) {}
  Opened(pipe_descriptor out, pipe_descriptor err, unsigned flags = 0) {
    Command command = {"cat"};
    command.descriptors({Command::pipe(PIPE_STDIN), out, err});
    command.options.flags = flags;
    command.options.rows = command.options.columns = 1;
    status = descriptors.open(command.options, &failure);
  }
  int source(size_t number) const { return descriptors.wires[number].source; }

  int status = -1;
  ChildDescriptors descriptors;
  pipe_failure failure = {-1, -1};
};

int status_flags(int fd) { return ::fcntl(fd, F_GETFL) & (O_ACCMODE | O_APPEND | O_NONBLOCK); }

std::string content_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(ChildDescriptors, FromNullAreForReadingAndWriting) {
  const Opened opened(Command::from(PIPE_STDOUT, PIPE_SOURCE_NULL));
  ASSERT_EQ(opened.status, 0);
  EXPECT_FALSE(opened.descriptors.parent_ends[PIPE_STDOUT]);
  EXPECT_EQ(opened.source(PIPE_STDOUT), opened.descriptors.child_ends[PIPE_STDOUT].get());
  EXPECT_EQ(open_descriptors()[opened.source(PIPE_STDOUT)], "/dev/null");
  EXPECT_EQ(status_flags(opened.source(PIPE_STDOUT)), O_RDWR);
  EXPECT_EQ(::fcntl(opened.source(PIPE_STDOUT), F_GETFD), FD_CLOEXEC);
}

TEST(ChildDescriptors, ThatAreTheHostsStayTheHosts) {
  const UniqueFd hosts(::open("/dev/zero", O_RDONLY));
  {
    Opened opened(Command::from(PIPE_STDOUT, PIPE_SOURCE_FD, hosts.get()));
    ASSERT_EQ(opened.status, 0);
    EXPECT_EQ(opened.source(PIPE_STDOUT), hosts.get());
    EXPECT_FALSE(opened.descriptors.child_ends[PIPE_STDOUT]);
    opened.descriptors.close_child_ends();
  }
  EXPECT_EQ(::fcntl(hosts.get(), F_GETFD), 0) << "neither closed nor changed";
}

TEST(ChildDescriptors, ThatAreNotOpenInTheHostAreRefused) {
  for (const int fd : {-1, 1 << 20}) {
    const Opened opened(Command::from(PIPE_STDOUT, PIPE_SOURCE_FD, fd));
    EXPECT_EQ(opened.status, -EBADF);
    EXPECT_EQ(opened.failure.step, PIPE_STEP_DESCRIPTOR);
    EXPECT_EQ(opened.failure.index, PIPE_STDOUT);
  }
}

TEST(ChildDescriptors, FromAFileReadWriteOrAppend) {
  const ProgramFolder folder;
  const std::string path = folder.add("file", "old", 0644);
  const auto open_and_write = [&](pipe_access access, int flags) {
    const Opened opened(Command::file(PIPE_STDOUT, path.c_str(), access));
    EXPECT_EQ(opened.status, 0);
    const int fd = opened.source(PIPE_STDOUT);
    EXPECT_EQ(status_flags(fd), flags) << "and O_NONBLOCK is gone";
    EXPECT_EQ(::fcntl(fd, F_GETFD), FD_CLOEXEC);
    EXPECT_FALSE(opened.descriptors.parent_ends[PIPE_STDOUT]);
    return ::write(fd, "new", 3);
  };
  EXPECT_EQ(open_and_write(PIPE_ACCESS_READ, O_RDONLY), -1);
  EXPECT_EQ(content_of(path), "old");
  EXPECT_EQ(open_and_write(PIPE_ACCESS_APPEND, O_WRONLY | O_APPEND), 3);
  EXPECT_EQ(content_of(path), "oldnew");
  EXPECT_EQ(open_and_write(PIPE_ACCESS_WRITE, O_WRONLY), 3);
  EXPECT_EQ(content_of(path), "new");
}

TEST(ChildDescriptors, FromAFileThatIsMissingMakeItUnlessTheyRead) {
  const ProgramFolder folder;
  in_forked_process([&] {
    ::umask(027);
    for (const pipe_access access : {PIPE_ACCESS_WRITE, PIPE_ACCESS_APPEND}) {
      const std::string path = folder.path() + "/new" + std::to_string(access);
      EXPECT_EQ(Opened(Command::file(PIPE_STDOUT, path.c_str(), access)).status, 0);
      struct stat status = {};
      ASSERT_EQ(::stat(path.c_str(), &status), 0);
      EXPECT_EQ(status.st_mode, S_IFREG | 0640U) << "0666 without the umask";
    }
  });
  const std::string missing = folder.path() + "/missing";
  const Opened opened(Command::file(PIPE_STDOUT, missing.c_str(), PIPE_ACCESS_READ));
  EXPECT_EQ(opened.status, -ENOENT);
  EXPECT_EQ(opened.failure.step, PIPE_STEP_DESCRIPTOR);
  EXPECT_EQ(opened.failure.index, PIPE_STDOUT);
  EXPECT_FALSE(std::filesystem::exists(missing));
}

TEST(ChildDescriptors, FromAFileThatWouldNeverWaitAreRefused) {
  in_forked_process([] {
    refuse_system_call(SYS_fcntl, EPERM);
    const pipe_descriptor file = Command::file(PIPE_STDIN, "/dev/null", PIPE_ACCESS_READ);
    pipe_spawn_options options = {};
    options.descriptors = &file;
    options.descriptor_count = 1;
    ChildDescriptors descriptors;
    EXPECT_EQ(open(descriptors, options), -EPERM);
  });
}

TEST(ChildDescriptors, FromAFifoNeverWaitForItsOtherEnd) {
  const ProgramFolder folder;
  const std::string path = folder.path() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0644), 0);
  for (const pipe_access access : {PIPE_ACCESS_WRITE, PIPE_ACCESS_APPEND}) {
    EXPECT_EQ(Opened(Command::file(PIPE_STDOUT, path.c_str(), access)).status, -ENXIO) << "nobody reads it";
  }
  const Opened reading(Command::file(PIPE_STDOUT, path.c_str(), PIPE_ACCESS_READ));
  EXPECT_EQ(reading.status, 0) << "nobody writes to it";
  EXPECT_EQ(status_flags(reading.source(PIPE_STDOUT)), O_RDONLY);
  EXPECT_EQ(Opened(Command::file(PIPE_STDOUT, path.c_str(), PIPE_ACCESS_WRITE)).status, 0);
}

TEST(ChildDescriptors, FromATerminalsFileDoNotMakeItTheHosts) {
  in_forked_process([] {
    const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    ASSERT_EQ(::unlockpt(master.get()), 0);
    char path[64];
    ASSERT_EQ(::ptsname_r(master.get(), path, sizeof path), 0);
    ASSERT_GT(::setsid(), 0);
    const Opened opened(Command::file(PIPE_STDOUT, path, PIPE_ACCESS_WRITE));
    ASSERT_EQ(opened.status, 0);
    EXPECT_EQ(::open("/dev/tty", O_RDWR), -1);
  });
}

TEST(ChildDescriptors, OfAMergedStderrAreThoseOfStdoutWhateverThatIs) {
  const UniqueFd hosts(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  for (const pipe_descriptor& out : {Command::pipe(PIPE_STDOUT), Command::from(PIPE_STDOUT, PIPE_SOURCE_NULL),
                                     Command::from(PIPE_STDOUT, PIPE_SOURCE_FD, hosts.get()),
                                     Command::file(PIPE_STDOUT, "/dev/null", PIPE_ACCESS_WRITE)}) {
    const Opened opened(out, Command::from(PIPE_STDERR, PIPE_SOURCE_STDOUT));
    ASSERT_EQ(opened.status, 0);
    EXPECT_EQ(opened.source(PIPE_STDERR), opened.source(PIPE_STDOUT));
    EXPECT_FALSE(opened.descriptors.child_ends[PIPE_STDERR]);
    EXPECT_FALSE(opened.descriptors.parent_ends[PIPE_STDERR]);
  }
}

TEST(ChildDescriptors, OfAJointAreItsEndsOnceMore) {
  Joint joint;
  ASSERT_EQ(joint.open(0), 0);
  {
    pipe_descriptor err = Command::pipe(PIPE_STDERR);
    err.joint = reinterpret_cast<pipe_joint*>(&joint);
    const Opened opened(Command::from(PIPE_STDOUT, PIPE_SOURCE_NULL), err);
    ASSERT_EQ(opened.status, 0);
    auto all = open_descriptors();
    EXPECT_EQ(all[opened.source(PIPE_STDERR)], all[joint.writing_end.get()]);
    EXPECT_NE(opened.source(PIPE_STDERR), joint.writing_end.get());
    const int parent_end = opened.descriptors.parent_ends[PIPE_STDERR].get();
    EXPECT_EQ(status_flags(parent_end), O_RDONLY | O_NONBLOCK);
    EXPECT_EQ(status_flags(opened.source(PIPE_STDERR)), O_WRONLY) << "the children's still blocks";
    char byte = 0;
    EXPECT_EQ(::write(joint.writing_end.get(), "j", 1), 1);
    EXPECT_EQ(::read(parent_end, &byte, 1), 1);
  }
  EXPECT_TRUE(is_open(joint.reading_end.get()));
  EXPECT_TRUE(is_open(joint.writing_end.get()));
}

TEST(ChildDescriptors, HavePipesOfTheWantedSize) {
  Command command = {"cat"};
  command.options.pipe_size = 16384;
  ChildDescriptors pipes;
  ASSERT_EQ(open(pipes, command.options), 0);
  for (const UniqueFd& parent_end : pipes.parent_ends) EXPECT_EQ(::fcntl(parent_end.get(), F_GETPIPE_SZ), 16384);
}

TEST(ChildDescriptors, BeyondTheFirstThreeAreClosedWithThem) {
  const auto before = open_descriptors();
  const UniqueFd hosts(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
  Command command = {"cat"};
  command.descriptors({Command::pipe(0), Command::pipe(1), Command::pipe(2), Command::from(3, PIPE_SOURCE_NULL),
                       Command::from(7, PIPE_SOURCE_FD, hosts.get()), Command::file(9, "/", PIPE_ACCESS_READ)});
  ChildDescriptors descriptors;
  ASSERT_EQ(open(descriptors, command.options), 0);
  ASSERT_EQ(descriptors.wires.size(), 6U);
  auto all = open_descriptors();
  EXPECT_EQ(descriptors.wires[3].number, 3);
  EXPECT_EQ(all[descriptors.wires[3].source], "/dev/null");
  EXPECT_EQ(descriptors.wires[4].number, 7);
  EXPECT_EQ(descriptors.wires[4].source, hosts.get());
  EXPECT_EQ(descriptors.wires[5].number, 9);
  EXPECT_EQ(all[descriptors.wires[5].source], "/");
  descriptors.close_child_ends();
  EXPECT_EQ(open_descriptors().size(), before.size() + 1 + 3) << "the host's own, and three parent's ends";
}

TEST(ChildDescriptors, OfATerminalAreThreeOfOneFileWithTwoForTheHost) {
  const Opened opened(Command::pipe(PIPE_STDOUT), Command::pipe(PIPE_STDERR), PIPE_SPAWN_PTY);
  ASSERT_EQ(opened.status, 0);
  const ChildDescriptors& descriptors = opened.descriptors;
  ASSERT_EQ(descriptors.wires.size(), 3U);
  for (size_t number = 0; number < 3; ++number) {
    EXPECT_EQ(descriptors.wires[number].number, static_cast<int>(number));
    EXPECT_EQ(opened.source(number), descriptors.child_ends[PIPE_STDIN].get());
  }
  EXPECT_NE(descriptors.parent_ends[PIPE_STDIN].get(), descriptors.parent_ends[PIPE_STDOUT].get());
  EXPECT_FALSE(descriptors.parent_ends[PIPE_STDERR]);
  for (const int number : {PIPE_STDIN, PIPE_STDOUT}) {
    EXPECT_EQ(status_flags(descriptors.parent_ends[number].get()), O_RDWR | O_NONBLOCK);
    EXPECT_EQ(::fcntl(descriptors.parent_ends[number].get(), F_GETFD), FD_CLOEXEC);
  }
}

// Of each source, with what was opened before it.
TEST(ChildDescriptors, OfAnySourceThatRunOutLeaveNothingAndAreNamed) {
  in_forked_process([] {
    Joint joint;
    ASSERT_EQ(joint.open(0), 0);
    pipe_descriptor err = Command::pipe(PIPE_STDERR);
    err.joint = reinterpret_cast<pipe_joint*>(&joint);
    Command command = {"cat"};
    command.descriptors({Command::pipe(0), Command::from(1, PIPE_SOURCE_NULL), err,
                         Command::file(3, "/dev/null", PIPE_ACCESS_READ), Command::from(4, PIPE_SOURCE_NULL)});
    // Two descriptors of a pipe, one of null, two of a joint's copy, one each of a file and of null.
    const pipe_failure at[] = {{PIPE_STEP_START, 0},     {PIPE_STEP_START, 0}, {PIPE_STEP_DESCRIPTOR, 1},
                               {PIPE_STEP_START, 2},     {PIPE_STEP_START, 2}, {PIPE_STEP_DESCRIPTOR, 3},
                               {PIPE_STEP_DESCRIPTOR, 4}};
    const pipe_failure at_terminal[] = {{PIPE_STEP_PTY, 0},
                                        {PIPE_STEP_PTY, 0},
                                        {PIPE_STEP_PTY, 0},
                                        {PIPE_STEP_DESCRIPTOR, 3},
                                        {PIPE_STEP_DESCRIPTOR, 4}};
    std::vector<UniqueFd> fillers;
    const int top = open_descriptors().rbegin()->first;
    do {
      fillers.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    } while (fillers.back().get() < top);
    const auto before = open_descriptors();
    rlimit limit;
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const auto open_with_spare = [&](rlim_t spare, pipe_failure* failure) {
      const rlimit few = {static_cast<rlim_t>(before.rbegin()->first) + 1 + spare, limit.rlim_max};
      EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
      int status;
      {
        ChildDescriptors descriptors;
        status = descriptors.open(command.options, failure);
      }
      EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
      EXPECT_EQ(open_descriptors(), before) << spare;
      return status;
    };
    const auto expect_named = [&](const pipe_failure* expected, size_t needed) {
      pipe_failure failure = {-1, -1};
      for (size_t spare = 0; spare < needed; ++spare) {
        EXPECT_EQ(open_with_spare(spare, &failure), -EMFILE) << spare;
        EXPECT_EQ(failure.step, expected[spare].step) << spare;
        EXPECT_EQ(failure.index, expected[spare].index) << spare;
      }
      EXPECT_EQ(open_with_spare(needed, &failure), 0);
    };
    expect_named(at, std::size(at));
    command.options.flags = PIPE_SPAWN_PTY;
    expect_named(at_terminal, std::size(at_terminal));
  });
}

TEST(ChildDescriptors, OfAnySourceAreNeverTheHostsOwnThree) {
  for (unsigned closed = 0; closed < 8; ++closed) {
    for (const unsigned flags : {0U, static_cast<unsigned>(PIPE_SPAWN_PTY)}) {
      in_forked_process([closed, flags] {
        close_stdio(closed);
        Joint joint;
        if (joint.open(0) != 0) ::_exit(2);  // not by gtest, which prints to 1
        pipe_descriptor err = Command::pipe(PIPE_STDERR);
        err.joint = reinterpret_cast<pipe_joint*>(&joint);
        Command command = {"cat"};
        command.descriptors({Command::from(0, PIPE_SOURCE_NULL), Command::file(1, "/dev/null", PIPE_ACCESS_WRITE), err,
                             Command::from(3, PIPE_SOURCE_NULL)});
        command.options.flags = flags;
        ChildDescriptors descriptors;
        if (open(descriptors, command.options) != 0) ::_exit(3);
        for (const Wire& wire : descriptors.wires) {
          if (wire.source < 3) ::_exit(4);
        }
        for (const UniqueFd& parent_end : descriptors.parent_ends) {
          if (parent_end && parent_end.get() < 3) ::_exit(5);
        }
        if (!closed_stdio_is(closed)) ::_exit(6);
      });
    }
  }
}

}  // namespace
}  // namespace pipe_core
