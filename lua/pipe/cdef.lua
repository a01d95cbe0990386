-- The FFI declarations of csrc/pipe.h. Declarations are global to a Lua state and the first one wins, so only names
-- that begin with pipe_ or PIPE_ stand here: no other library's ffi.cdef can clash with them.

local ffi = require("ffi")

-- A second copy of this module in one state (a test runner reloads modules) finds them declared already.
if pcall(ffi.typeof, "pipe_spawn_options") then
  return true
end

ffi.cdef [[
typedef struct pipe_loop pipe_loop;
typedef struct pipe_process pipe_process;
typedef struct pipe_exit_watch pipe_exit_watch;
typedef struct pipe_family pipe_family;
typedef struct pipe_joint pipe_joint;

enum pipe_word {
  PIPE_OK = 0, PIPE_AGAIN = 1, PIPE_BUSY = 2, PIPE_CLOSED = 3, PIPE_TIMEOUT = 4, PIPE_ABORTED = 5,
  PIPE_EXITED = 6, PIPE_RUNNING = 7, PIPE_MERGED = 8, PIPE_TOO_MUCH = 9, PIPE_INVALID_SIGNAL = 10, PIPE_NOT_A_PIPE = 11
};

enum pipe_channel { PIPE_STDIN = 0, PIPE_STDOUT = 1, PIPE_STDERR = 2, PIPE_EXIT = 3 };

enum pipe_turn { PIPE_TURN_LOOK = 0, PIPE_TURN_SLEEP = 1, PIPE_TURN_GLANCE = 2 };

enum pipe_read_mode {
  PIPE_READ_ALL = 0, PIPE_READ_BYTES = 1, PIPE_READ_LINE = 2, PIPE_READ_ANY = 3, PIPE_READ_POLL = 4,
  PIPE_READ_WITHIN = 5
};

typedef struct pipe_slice {
  const char *data;
  size_t size;
} pipe_slice;

typedef struct pipe_buffered {
  const char *data;
  int32_t size;
  uint32_t loans;
} pipe_buffered;

typedef struct pipe_exit {
  int signaled;
  int status;
} pipe_exit;

enum pipe_source {
  PIPE_SOURCE_PIPE = 0, PIPE_SOURCE_NULL = 1, PIPE_SOURCE_FD = 2, PIPE_SOURCE_FILE = 3, PIPE_SOURCE_STDOUT = 4
};

enum pipe_access { PIPE_ACCESS_READ = 0, PIPE_ACCESS_WRITE = 1, PIPE_ACCESS_APPEND = 2 };

typedef struct pipe_descriptor {
  int number;
  int source;
  int fd;
  int access;
  const char *path;
  pipe_joint *joint;
} pipe_descriptor;

typedef struct pipe_limit {
  int resource;
  uint64_t soft;
  uint64_t hard;
} pipe_limit;

enum pipe_spawn_flag {
  PIPE_SPAWN_GROUP = 1 << 0, PIPE_SPAWN_DETACHED = 1 << 1, PIPE_SPAWN_SUBREAPER = 1 << 2, PIPE_SPAWN_PTY = 1 << 3,
  PIPE_SPAWN_UID = 1 << 4, PIPE_SPAWN_GID = 1 << 5, PIPE_SPAWN_GROUPS = 1 << 6, PIPE_SPAWN_NICE = 1 << 7,
  PIPE_SPAWN_UMASK = 1 << 8, PIPE_SPAWN_DEATH_SIGNAL = 1 << 9, PIPE_SPAWN_AFFINITY = 1 << 10
};

typedef struct pipe_spawn_options {
  const char *file;
  const char *const *argv;
  const char *const *envp;
  const char *cwd;
  const pipe_descriptor *descriptors;
  size_t descriptor_count;
  size_t buffer_size;
  size_t pipe_size;
  const pipe_limit *limits;
  size_t limit_count;
  const unsigned *groups;
  size_t group_count;
  const uint8_t *affinity;
  size_t affinity_size;
  unsigned flags;
  unsigned uid;
  unsigned gid;
  unsigned umask;
  int nice;
  int death_signal;
  int rows;
  int columns;
} pipe_spawn_options;

enum pipe_step {
  PIPE_STEP_START = 0, PIPE_STEP_PROGRAM = 1, PIPE_STEP_DIRECTORY = 2, PIPE_STEP_DESCRIPTOR = 3,
  PIPE_STEP_SESSION = 4, PIPE_STEP_PTY = 5, PIPE_STEP_GROUPS = 6, PIPE_STEP_GID = 7, PIPE_STEP_UID = 8,
  PIPE_STEP_LIMIT = 9, PIPE_STEP_NICE = 10, PIPE_STEP_AFFINITY = 11, PIPE_STEP_SUBREAPER = 12,
  PIPE_STEP_DEATH_SIGNAL = 13
};

typedef struct pipe_failure {
  int step;
  int index;
} pipe_failure;

typedef struct pipe_usage {
  double utime, stime, maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv,
  nsignals, nvcsw, nivcsw;
} pipe_usage;

typedef struct pipe_account {
  unsigned uid;
  unsigned gid;
  size_t group_count;
  unsigned *groups;
} pipe_account;

int pipe_abi_version(void);
size_t pipe_error_text(int code, char *buffer, size_t size);
const char *pipe_error_name(int code);
int pipe_loop_open(size_t max_result, pipe_loop **loop);
void pipe_loop_close(pipe_loop *loop);
int pipe_loop_alive(const pipe_loop *loop);
int pipe_loop_run(pipe_loop *loop, int turn);
uint32_t pipe_loop_next(pipe_loop *loop);
int pipe_loop_fd(pipe_loop *loop);
void pipe_loop_wake(pipe_loop *loop);
double pipe_loop_timeout(pipe_loop *loop);
size_t pipe_loop_children(const pipe_loop *loop);
const char *pipe_loop_reaper(const pipe_loop *loop);
int pipe_timer_start(pipe_loop *loop, double ms, uint32_t token);
void pipe_timer_stop(pipe_loop *loop, uint32_t token);
double pipe_now(void);
int pipe_signal_catchable(int signum);
int pipe_signal_watch(pipe_loop *loop, int signum);
void pipe_signal_unwatch(pipe_loop *loop, int signum);
int pipe_signal_start(pipe_loop *loop, uint32_t token);
void pipe_signal_cancel(pipe_loop *loop);
int pipe_signal_next(pipe_loop *loop, uint32_t *count);
int pipe_signal_send(int pid, int signum);
const char *const *pipe_environment(void);
int pipe_file_descriptor(void *file);
int pipe_user_find(const char *name, pipe_account *account);
int pipe_group_find(const char *name, unsigned *gid);
int pipe_joint_open(size_t capacity, pipe_joint **joint);
int pipe_joint_open_file(const char *path, int access, pipe_joint **joint);
int pipe_joint_end(const pipe_joint *joint, int end);
void pipe_joint_free(pipe_joint *joint);
int pipe_spawn(pipe_loop *loop, const pipe_spawn_options *options, pipe_failure *failure,
  pipe_process **process);
int pipe_process_pid(const pipe_process *process);
void pipe_process_close(pipe_process *process);
void pipe_process_free(pipe_process *process);
int pipe_kill(pipe_process *process, int signum);
int pipe_shutdown(pipe_process *process, int channel);
int pipe_resize(pipe_process *process, int rows, int columns);
int pipe_rusage(pipe_process *process, pipe_usage *usage);
int pipe_family_open(pipe_process *process, pipe_family **family);
int pipe_family_signal(pipe_family *family, int signum);
size_t pipe_family_living(pipe_family *family);
void pipe_family_free(pipe_family *family);
int pipe_read(pipe_process *process, int channel, int mode, size_t length, pipe_slice *result);
int pipe_read_result(pipe_process *process, int channel, pipe_slice *result);
pipe_buffered *pipe_buffered_bytes(pipe_process *process, int channel);
void pipe_read_take(pipe_process *process, int channel);
int pipe_write(pipe_process *process, const pipe_slice *slices, size_t count, double *written);
int pipe_write_result(pipe_process *process, double *written);
int pipe_wait(pipe_process *process, pipe_exit *exit);
int pipe_wait_result(pipe_process *process, pipe_exit *exit);
int pipe_try_wait(pipe_process *process, pipe_exit *exit);
int pipe_exit_watch_start(pipe_process *process, uint32_t timeout_ms, uint32_t token,
  pipe_exit_watch **watch);
int pipe_exit_watch_result(pipe_exit_watch *watch);
void pipe_exit_watch_free(pipe_exit_watch *watch);
int pipe_start(pipe_process *process, int channel, uint32_t timeout_ms, uint32_t token);
int pipe_start_beside_exit(pipe_process *process, int channel);
void pipe_cancel(pipe_process *process, int channel);
]]

return true
