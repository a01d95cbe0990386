#include "process_stat.h"

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>

#include "unique_fd.h"

namespace pipe_core {
namespace {

// The name stands in parentheses and may hold anything, ") R 1 (" too: what follows starts at the last one.
bool parse(const char* text, ProcessStat* process) {
  const char* name_end = std::strrchr(text, ')');
  if (name_end == nullptr) return false;
  process->pid = static_cast<pid_t>(std::strtol(text, nullptr, 10));
  return std::sscanf(name_end + 1,  // NOLINT(cert-err34-c): the kernel's numbers fit
                     " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %ld %*d %" SCNu64,
                     &process->state, &process->parent, &process->threads, &process->start_time) == 4;
}

// Paths stand on the stack: whoever asks may have stopped processes, and must not fail for want of memory.
struct Path {
  explicit Path(const char* format, pid_t pid, pid_t thread = 0) {
    std::snprintf(text, sizeof text, format, pid, thread);
  }
  char text[64];
};

int read_stat(const Path& path, ProcessStat* process) {
  const UniqueFd file(::open(path.text, O_RDONLY | O_CLOEXEC));
  if (!file && errno == ENOENT) return -ESRCH;
  if (!file) return errno == EPERM ? -EACCES : -errno;
  char text[1024];
  const ssize_t size = ::read(file.get(), text, sizeof text - 1);
  if (size < 0) return -errno;
  text[size] = '\0';
  return parse(text, process) ? 0 : -ESRCH;
}

// Calls `visit` with each entry that is a number. Returns 0 or a negative errno.
template <class Visit>
int for_each_number(const char* path, Visit visit) {
  const std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path), ::closedir);
  if (folder == nullptr) return -errno;
  for (;;) {
    errno = 0;
    const dirent* entry = ::readdir(folder.get());
    if (entry == nullptr) return -errno;
    if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9') visit(std::atoi(entry->d_name));
  }
}

// Where /proc is another pid namespace's, we have another number there, or none.
int find_ourselves() {
  ProcessStat self = {};
  const int status = read_stat(Path("/proc/self/stat", 0), &self);
  return status == -ESRCH || (status == 0 && self.pid != ::getpid()) ? -EACCES : status;
}

Motion motion_in(char state) {
  if (std::strchr("TtZXx", state) != nullptr) return Motion::kStands;
  return state == 'D' ? Motion::kBlocked : Motion::kRuns;
}

}  // namespace

int read_process(pid_t pid, ProcessStat* process) { return read_stat(Path("/proc/%d/stat", pid), process); }

int read_processes(std::vector<ProcessStat>* processes) {
  int failure = 0;
  const int status = for_each_number("/proc", [&](pid_t pid) {
    ProcessStat process = {};
    const int unread = read_process(pid, &process);
    if (unread == 0) processes->push_back(process);
    if (unread != 0 && unread != -ESRCH && unread != -EACCES) failure = unread;
  });
  if (status != 0) return status;
  return failure != 0 ? failure : find_ourselves();
}

Motion motion_of(pid_t pid) {
  Motion motion = Motion::kStands;
  for_each_number(Path("/proc/%d/task", pid).text, [&](pid_t thread) {
    ProcessStat stat = {};
    if (read_stat(Path("/proc/%d/task/%d/stat", pid, thread), &stat) == 0) {
      motion = std::max(motion, motion_in(stat.state));
    }
  });
  return motion;
}

}  // namespace pipe_core
