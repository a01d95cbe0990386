#include "child_descriptors.h"

#include <cerrno>
#include <iterator>

#include "terminal.h"

namespace pipe_core {
namespace {

constexpr pipe_descriptor kThreePipes[] = {{PIPE_STDIN, PIPE_SOURCE_PIPE, -1, 0, nullptr, nullptr},
                                           {PIPE_STDOUT, PIPE_SOURCE_PIPE, -1, 0, nullptr, nullptr},
                                           {PIPE_STDERR, PIPE_SOURCE_PIPE, -1, 0, nullptr, nullptr}};

int open_null() {
  const int fd = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// Before anything is opened, since that would take the number of one that the host has closed.
int check_passed(const pipe_descriptor* wanted, size_t count, pipe_failure* failure) {
  for (size_t i = 0; i < count; ++i) {
    if (wanted[i].source != PIPE_SOURCE_FD || ::fcntl(wanted[i].fd, F_GETFD) >= 0) continue;
    *failure = {PIPE_STEP_DESCRIPTOR, static_cast<int>(i)};
    return -errno;
  }
  return 0;
}

}  // namespace

int ChildDescriptors::open(const pipe_spawn_options& options, pipe_failure* failure) {
  const pipe_descriptor* wanted = options.descriptors != nullptr ? options.descriptors : kThreePipes;
  const size_t count = options.descriptors != nullptr ? options.descriptor_count : std::size(kThreePipes);
  if (const int status = check_passed(wanted, count, failure); status < 0) return status;
  if ((options.flags & PIPE_SPAWN_PTY) != 0) {
    *failure = {PIPE_STEP_PTY, 0};
    if (const int status = open_terminal(options); status < 0) return status;
  }
  for (size_t i = wires.size(); i < count; ++i) {
    const bool new_pipe = wanted[i].source == PIPE_SOURCE_PIPE;
    *failure = {new_pipe ? PIPE_STEP_START : PIPE_STEP_DESCRIPTOR, static_cast<int>(i)};
    if (const int status = open_one(wanted[i], options.pipe_size); status < 0) return status;
  }
  return 0;
}

int ChildDescriptors::open_one(const pipe_descriptor& wanted, size_t pipe_size) {
  switch (wanted.source) {
    case PIPE_SOURCE_PIPE:
      return open_pipe(wanted, pipe_size);
    case PIPE_SOURCE_NULL:
      return own(wanted.number, open_null());
    case PIPE_SOURCE_FILE:
      return open_file(wanted);
    case PIPE_SOURCE_STDOUT:
      wire(wanted.number, wires[PIPE_STDOUT].source);
      return 0;
    default:
      wire(wanted.number, wanted.fd);
      return 0;
  }
}

int ChildDescriptors::open_pipe(const pipe_descriptor& wanted, size_t pipe_size) {
  Joint pipe;
  if (const int status =
          wanted.joint != nullptr ? pipe.copy(*reinterpret_cast<Joint*>(wanted.joint)) : pipe.open(pipe_size);
      status < 0) {
    return status;
  }
  const bool child_reads = wanted.number == PIPE_STDIN;
  UniqueFd& parent_end = parent_ends[wanted.number];
  parent_end = std::move(child_reads ? pipe.writing_end : pipe.reading_end);
  // F_SETFL of all flags: a fresh pipe end has no other status flag to keep.
  if (::fcntl(parent_end.get(), F_SETFL, O_NONBLOCK) != 0) return -errno;
  return own(wanted.number, (child_reads ? pipe.reading_end : pipe.writing_end).release());
}

int ChildDescriptors::open_file(const pipe_descriptor& wanted) {
  Joint file;
  const int status = file.open_file(wanted.path, wanted.access);
  return own(wanted.number, status < 0 ? status : file.writing_end.release());
}

// Two descriptors of the master: the writer and the reader each watch and close their own.
int ChildDescriptors::open_terminal(const pipe_spawn_options& options) {
  UniqueFd& master = parent_ends[PIPE_STDOUT];
  UniqueFd& terminal = child_ends[PIPE_STDIN];
  if (const int status = pipe_core::open_terminal(options.rows, options.columns, &master, &terminal); status < 0) {
    return status;
  }
  parent_ends[PIPE_STDIN].reset(::fcntl(master.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
  if (!parent_ends[PIPE_STDIN]) return -errno;
  for (int number = PIPE_STDIN; number <= PIPE_STDERR; ++number) wire(number, terminal.get());
  if ((options.flags & PIPE_SPAWN_UID) == 0) return 0;
  // As login(1) does: the user may open his own terminal by its name. Without the right to, setresuid(2) fails, too.
  const bool given = ::fchown(terminal.get(), options.uid, static_cast<gid_t>(-1)) == 0;
  return given || errno == EPERM ? 0 : -errno;
}

// Takes over a descriptor that was opened for the child, or passes on why there is none.
int ChildDescriptors::own(int number, int fd) {
  if (fd < 0) return fd;
  UniqueFd opened(fd);
  if (const int status = opened.move_above_stdio(); status < 0) return status;
  wire(number, opened.get());
  if (number <= PIPE_STDERR) {
    child_ends[number] = std::move(opened);
  } else {
    other_child_ends_.push_back(std::move(opened));
  }
  return 0;
}

void ChildDescriptors::close_child_ends() {
  for (UniqueFd& child_end : child_ends) child_end.reset();
  other_child_ends_.clear();
}

}  // namespace pipe_core
