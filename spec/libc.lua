--- The libc calls that specs need, declared in one place: a second `ffi.cdef` of a struct is an error.
-- Variadic functions are declared with fixed arguments: a Lua number passed through `...` would arrive as a double.
local ffi = require "ffi"

ffi.cdef [[
extern char **environ;
int setenv(const char *name, const char *value, int overwrite);
int unsetenv(const char *name);

int getpid(void);
int fork(void);
void _exit(int status);
int kill(int pid, int signum);
int raise(int signum);
int sigaction(int signum, const void *action, void *old);
int waitpid(int pid, int *status, int options);
int waitid(int idtype, unsigned int id, void *info, int options);
int setuid(unsigned int uid);
unsigned int geteuid(void);
unsigned int getegid(void);
int setsid(void);
int sched_setaffinity(int pid, size_t size, const void *mask);
unsigned int umask(unsigned int mask);
int abs(int);
int prctl(int option, unsigned long a, unsigned long b, unsigned long c, unsigned long d);

int open(const char *path, int flags, unsigned int mode);
int close(int fd);
int dup2(int from, int to);
int pipe(int *ends);
int fcntl(int fd, int command, long argument);
int mkfifo(const char *path, unsigned int mode);
int mkdir(const char *path, unsigned int mode);
int chdir(const char *path);
int chmod(const char *path, unsigned int mode);
int symlink(const char *target, const char *path);
char *mkdtemp(char *template);
long read(int fd, void *buffer, size_t size);
long write(int fd, const void *data, size_t size);
long readlink(const char *path, char *buffer, size_t size);

struct spec_dirent { uint64_t ino; int64_t off; unsigned short reclen; unsigned char type; char name[256]; };
void *opendir(const char *path);
struct spec_dirent *readdir(void *directory);
int closedir(void *directory);

struct spec_pollfd { int fd; short events; short revents; };
int poll(struct spec_pollfd *entries, unsigned long count, int timeout);
struct spec_epoll_event { uint32_t events; uint32_t data[2]; uint32_t padding; };
int epoll_create1(int flags);
int epoll_ctl(int epoll, int operation, int fd, void *event);
int epoll_wait(int epoll, void *events, int max, int timeout);

struct spec_rlimit { unsigned long soft; unsigned long hard; };
int getrlimit(int resource, struct spec_rlimit *limit);
int setrlimit(int resource, const struct spec_rlimit *limit);

void *signal(int signum, void *handler);
int siginterrupt(int signum, int flag);
int sigemptyset(void *set);
int sigaddset(void *set, int signum);
int sigismember(const void *set, int signum);
int sigpending(void *set);
int sigprocmask(int how, const void *set, void *old);
struct spec_itimerval { long interval_s, interval_us, value_s, value_us; };
int setitimer(int which, const struct spec_itimerval *value, struct spec_itimerval *old);

void *mmap(void *address, size_t length, int protection, int flags, int fd, long offset);
int munmap(void *address, size_t length);
int madvise(void *address, size_t length, int advice);
struct spec_rusage { long times[4], maxrss, ixrss, idrss, isrss, minflt, majflt, rest[8]; };
int getrusage(int who, struct spec_rusage *usage);
]]

local C = ffi.C

local libc = {
  C = C,
  SIGKILL = 9, SIGUSR1 = 10, SIGUSR2 = 12, SIGPIPE = 13, SIGALRM = 14, SIGTERM = 15, SIGCHLD = 17,
  SIG_DFL = ffi.cast("void *", 0),
  SIG_IGN = ffi.cast("void *", 1),
  O_RDONLY = 0, O_WRONLY = 1, O_RDWR = 2, O_APPEND = 1024, O_NONBLOCK = 2048, O_CLOEXEC = 524288,
  F_DUPFD = 0, F_GETFD = 1, F_GETFL = 3, FD_CLOEXEC = 1,
  POLLIN = 1, POLLOUT = 4,
  EPERM = 1, EINTR = 4, ESRCH = 3, EBADF = 9, ECHILD = 10, ENOMEM = 12, ENOSYS = 38,
  WNOHANG = 1,
  RLIMIT_NPROC = 6, RLIMIT_NOFILE = 7,
}

--- Blocks until the child has exited, and leaves it unreaped: the event to wait for where a spec must not use `wait`.
function libc.await_exit(pid)
  local P_PID, WEXITED, WNOWAIT = 1, 4, 0x01000000
  local info = ffi.new("char[128]")
  while C.waitid(P_PID, pid, info, WEXITED + WNOWAIT) ~= 0 do
    assert(ffi.errno() == libc.EINTR, "waitid failed")
  end
end

--- Reaps a child that is not the library's: `"exit", code` or `"signal", number`.
function libc.reap(pid)
  local status = ffi.new("int[1]")
  while C.waitpid(pid, status, 0) ~= pid do
    assert(ffi.errno() == libc.EINTR, "waitpid failed")
  end
  local signum = bit.band(status[0], 0x7f)
  if signum == 0 then
    return "exit", bit.band(bit.rshift(status[0], 8), 0xff)
  end
  return "signal", signum
end

--- A kernel pipe: its reading and its writing end.
function libc.pipe()
  local ends = ffi.new("int[2]")
  assert(C.pipe(ends) == 0)
  return ends[0], ends[1]
end

--- Lets this process run on these processors only; those that are not there do not count.
function libc.run_on(processors)
  local mask = ffi.new("uint8_t[1024]")
  for _, processor in ipairs(processors) do
    local byte = math.floor(processor / 8)
    mask[byte] = bit.bor(mask[byte], bit.lshift(1, processor % 8))
  end
  assert(C.sched_setaffinity(0, 1024, mask) == 0)
end

--- Is there such a process? A zombie counts.
function libc.exists(pid)
  return C.kill(pid, 0) == 0
end

--- Sets a soft limit; returns the one before.
function libc.limit(resource, soft)
  local limit = ffi.new("struct spec_rlimit")
  assert(C.getrlimit(resource, limit) == 0)
  local before = tonumber(limit.soft)
  limit.soft = soft
  assert(C.setrlimit(resource, limit) == 0)
  return before
end

--- Names in a directory, without "." and "..".
function libc.entries(path)
  local directory = C.opendir(path)
  assert(directory ~= nil, path)
  local names = {}
  local entry = C.readdir(directory)
  while entry ~= nil do
    local name = ffi.string(entry.name)
    if name:sub(1, 1) ~= "." then
      names[#names + 1] = name
    end
    entry = C.readdir(directory)
  end
  C.closedir(directory)
  return names
end

--- Where a symbolic link points, or nil.
function libc.target(path)
  local buffer = ffi.new("char[4096]")
  local size = C.readlink(path, buffer, 4096)
  return size >= 0 and ffi.string(buffer, size) or nil
end

--- Waits until the descriptor is ready, at most ten seconds (the bound of a failing spec, not a delay).
function libc.ready(fd, events, timeout)
  local entry = ffi.new("struct spec_pollfd", { fd, events or libc.POLLIN, 0 })
  local found
  repeat
    found = C.poll(entry, 1, timeout or 10000)
  until found >= 0 or ffi.errno() ~= libc.EINTR
  return found == 1
end

--- A set of the given signals.
function libc.signals(...)
  local set = ffi.new("char[128]")
  C.sigemptyset(set)
  for index = 1, select("#", ...) do
    C.sigaddset(set, (select(index, ...)))
  end
  return set
end

--- A process's signal sets, from the text of its /proc/PID/status: SigPnd, SigBlk, SigIgn and SigCgt, in hexadecimal.
function libc.signal_state(status)
  local state = {}
  for name, value in status:gmatch("(Sig[PBIC]%a+):%s*(%x+)") do
    state[name] = value
  end
  return state
end

--- The host's whole environment as an array of "NAME=value".
function libc.environment()
  local list, index = {}, 0
  while C.environ[index] ~= nil do
    list[index + 1] = ffi.string(C.environ[index])
    index = index + 1
  end
  return list
end

return libc
