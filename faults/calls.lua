-- The table of what fails: each call that the library makes and that can fail, with the errnos that it can give. Those
-- that a kernel has for it, and those of a sandbox, EPERM and ENOSYS, which has them for all. Some cannot be in truth
-- (EIO, of a pipe); then the host may get an error that it would never see, but nothing may leak, hang or crash.
--
-- `words`: how an error is told where not by its name. `spares`: what fails is what would have ended or reaped a child,
-- and the kernel says that it never will: that child is left. `root`: only root makes the call at all.
-- `aborts`, `leaks`: what libuv does.

local DESCRIPTORS = { "EMFILE", "ENFILE", "ENOMEM" }

local function errnos(...)
  local list = { ... }
  for _, errno in ipairs(DESCRIPTORS) do
    list[#list + 1] = errno
  end
  return list
end

local CLOSED = { EPIPE = { "closed" }, EIO = { "closed" } } -- nobody can ever read it again
local DROPPED = { "signal lost" } -- a handler has nobody to tell
local UNTOLD = { "timeout" }
local LOST = { "exit status lost", "exited" }

return {
  -- In the host: descriptors.
  pipe2 = { errnos("EPERM") },
  open = { errnos("EINTR", "EPERM", "EIO"), words = { EPERM = { "EACCES" } } }, -- what hides a process in /proc
  open_self = { errnos("EINTR", "EPERM", "EIO"), words = { EPERM = { "EACCES" } } }, -- our own entry there
  fcntl = { { "EMFILE", "ENOMEM", "EINTR", "EPERM" } },
  dup3 = { { "EMFILE", "EBUSY", "EINTR", "ENOMEM", "EPERM" } },
  TIOCGPTPEER = { errnos("EINVAL", "EPERM", "EIO") },
  TIOCSWINSZ = { { "EPERM", "EIO" } },
  PIDFD_GET_INFO = { { "EINVAL", "ENOSYS", "EPERM" }, words = { EINVAL = LOST, ENOSYS = LOST, EPERM = LOST } },
  fchown = { { "EPERM", "EIO" }, root = true },
  read = { { "EINTR", "EAGAIN", "ENOMEM", "EPERM", "EIO" } },
  -- EIO is what a terminal says that nobody has open any more: nobody waits for the end of file that was to be typed. A
  -- signal's byte goes into a pipe that is full, or takes it; where there is no memory for it the signal is told with
  -- whatever next wakes the loop.
  write = { { "EINTR", "EAGAIN", "ENOMEM", "EIO" },
    words = { EINTR = UNTOLD, EAGAIN = UNTOLD, ENOMEM = UNTOLD, EIO = UNTOLD } },
  writev = { { "EINTR", "EAGAIN", "ENOMEM", "EPIPE", "EIO" }, words = CLOSED },
  pwritev2 = { { "EINTR", "EAGAIN", "ENOMEM", "ENOSYS", "EPERM", "EOPNOTSUPP", "EPIPE", "EIO" }, words = CLOSED },
  close = { { "EINTR", "EIO" } },

  -- In the host: waiting.
  epoll_create1 = { errnos("EPERM") },
  epoll_ctl = { { "ENOMEM", "ENOSPC", "EPERM" } },
  epoll_wait = { { "EINTR", "EPERM" } },
  poll = { { "EINTR", "ENOMEM" } },
  eventfd = { errnos("EPERM") },
  timerfd_create = { errnos("ENOSYS", "EPERM") },
  timerfd_settime = { { "EPERM" } },
  nanosleep = { { "EINTR" } },

  -- In the host: children and signals.
  clone = { errnos("EAGAIN", "ENOSYS", "EPERM", "EINVAL") }, -- of descriptors: for the pidfd
  waitid = { { "EINTR", "ECHILD", "EIO", "ENOSYS", "EPERM" }, spares = true,
    words = { ECHILD = LOST, EIO = LOST, ENOSYS = LOST, EPERM = LOST } },
  P_PIDFD = { { "EINVAL", "ENOSYS", "EPERM" } }, -- waitid(2): are there pidfds?
  pidfd_open = { errnos("ENOSYS", "EPERM") },
  pidfd_send_signal = { { "ENOSYS", "EPERM" } },
  -- Whoever may not be signalled lives on. ESRCH: of a child that has lost its parent.
  kill = { { "EPERM" }, spares = true, words = { EPERM = { "EPERM", "ESRCH" } } },
  getpgid = { { "EPERM" } },
  sigaction = { { "EINVAL" }, words = { EINVAL = DROPPED } },
  tgkill = { { "EAGAIN", "EPERM" }, words = { EAGAIN = DROPPED, EPERM = DROPPED } },
  sigpending = { { "EPERM" } },
  sigtimedwait = { { "EINTR" } }, -- EAGAIN would be that there is no signal, where there is one
  pthread_sigmask = { { "EPERM" } },

  -- In the host: memory. `new` throws, like C++'s.
  mmap = { { "ENOMEM", "EAGAIN", "EPERM" } },
  mprotect = { { "ENOMEM", "EPERM" } },
  madvise = { { "EINVAL", "ENOMEM", "EPERM" } },
  new = { { "ENOMEM" } },
  realloc = { { "ENOMEM" } },
  __register_atfork = { { "ENOMEM" } },
  __cxa_atexit = { { "ENOMEM" } },

  -- In the host: what libc makes of several calls.
  posix_openpt = { errnos("EAGAIN", "ENOSPC") },
  unlockpt = { { "EIO", "EPERM" } },
  ptsname_r = { { "EIO", "EPERM" } },
  tcgetattr = { { "EIO", "EPERM" } },
  opendir = { errnos("EPERM") },
  readdir = { { "ENOMEM", "EIO" } },
  closedir = { { "EINTR", "EIO" } },
  fflush = { { "EINTR", "EIO" } },
  getpwnam_r = { errnos("EINTR", "EIO") },
  getpwuid_r = { errnos("EINTR", "EIO") },
  getgrnam_r = { errnos("EINTR", "EIO") },
  getgrouplist = { { "ENOMEM" } },

  -- By libuv, which gives some of them up by abort(3); docs/limits.md says so.
  ["libuv:epoll_create1"] = { errnos() },
  ["libuv:eventfd"] = { errnos(), leaks = true },
  ["libuv:pipe2"] = { errnos(), aborts = true, leaks = true },
  ["libuv:write"] = { { "EINTR", "EIO" }, aborts = true },
  ["libuv:epoll_ctl"] = { { "ENOMEM", "ENOSPC" }, aborts = true },
  ["libuv:epoll_wait"] = { { "EINTR", "ENOMEM" }, aborts = true },
  ["libuv:close"] = { { "EINTR", "EIO" }, aborts = true },
  ["libuv:calloc"] = { { "ENOMEM" } },
  ["libuv:realloc"] = { { "ENOMEM" }, aborts = true },
  ["libuv:__register_atfork"] = { { "ENOMEM" }, aborts = true },

  -- In the child, between clone and exec.
  rt_sigaction = { { "EINVAL" } },
  rt_sigprocmask = { { "EPERM" } },
  close_range = { { "EMFILE", "ENOMEM", "ENOSYS", "EPERM" } },
  ioctl = { { "EPERM", "EIO" } },
  setsid = { { "EPERM" } },
  setpgid = { { "EPERM" } },
  prlimit64 = { { "EPERM" } },
  setpriority = { { "EPERM" } },
  sched_setaffinity = { { "EPERM" } },
  setgroups = { { "ENOMEM", "EPERM" }, root = true },
  setresgid = { { "EAGAIN", "ENOMEM", "EPERM" }, root = true },
  setresuid = { { "EAGAIN", "ENOMEM", "EPERM" }, root = true },
  chdir = { { "EIO", "ENOMEM" } },
  prctl = { { "EPERM" } },
  execve = { { "EAGAIN", "EIO", "EMFILE", "ENFILE", "ENOMEM", "EPERM" } },
  openat = { errnos("EPERM") },
  getdents64 = { { "ENOMEM", "EIO" } },
  lseek = { { "EPERM" } },
}
