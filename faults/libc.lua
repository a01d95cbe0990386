-- The C calls that the host and its scenarios need, declared in one place.
local ffi = require("ffi")

ffi.cdef [[
char *strerror(int number);
int fileno(void *file);
int dup(int fd);
int dup2(int from, int to);
int close(int fd);
int fork(void);
int _Fork(void);
void abort(void);
int getpid(void);
void _exit(int status);
int kill(int pid, int signum);
int waitid(int type, unsigned id, void *info, int options);
int waitpid(int pid, int *status, int options);
struct faults_pollfd { int fd; short events; short revents; };
int setenv(const char *name, const char *value, int overwrite);
int sigemptyset(void *set);
int sigaddset(void *set, int signum);
int prctl(int option, unsigned long argument);
int sigprocmask(int how, const void *set, void *old);
int poll(struct faults_pollfd *entries, unsigned long count, int timeout);
]]

local libc = { C = ffi.C, POLLIN = 1 }

local EINTR, SIGKILL = 4, 9
local PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36

---A child, dead or alive?
function libc.has_children()
  local P_ALL, WNOHANG, WEXITED, WNOWAIT = 0, 1, 4, 0x01000000
  return ffi.C.waitid(P_ALL, 0, ffi.new("char[128]"), WNOHANG + WEXITED + WNOWAIT) == 0
end

---Waits for a child's end, behind the library's back.
---@return integer status as wait(2)'s
function libc.await(pid)
  local status = ffi.new("int[1]")
  while ffi.C.waitpid(pid, status, 0) < 0 do
    assert(ffi.errno() == EINTR)
  end
  return status[0]
end

---Kills and reaps all children, and whoever becomes one by that.
function libc.end_children()
  while libc.has_children() do
    local list = assert(io.open("/proc/thread-self/children"))
    for pid in list:read("*a"):gmatch("%d+") do
      ffi.C.kill(tonumber(pid), SIGKILL)
      libc.await(tonumber(pid))
    end
    list:close()
  end
end

---Kills and reaps our children in a process group.
function libc.end_group(group)
  ffi.C.kill(-group, SIGKILL)
  repeat until ffi.C.waitpid(-group, nil, 0) < 0 and ffi.errno() ~= EINTR
end

---Who loses his parent becomes a child of ours.
function libc.adopt_orphans()
  assert(ffi.C.prctl(PR_SET_CHILD_SUBREAPER, 1) == 0)
end

---We die with our parent, whatever he dies of.
function libc.die_with_parent()
  assert(ffi.C.prctl(PR_SET_PDEATHSIG, SIGKILL) == 0)
end

return libc
