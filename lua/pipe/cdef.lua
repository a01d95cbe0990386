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
typedef struct pipe_timer pipe_timer;

enum pipe_word {
  PIPE_OK = 0, PIPE_AGAIN = 1, PIPE_BUSY = 2, PIPE_CLOSED = 3, PIPE_TIMEOUT = 4, PIPE_ABORTED = 5, PIPE_EXITED = 6,
  PIPE_RUNNING = 7, PIPE_MERGED = 8, PIPE_TOO_MUCH = 9, PIPE_INVALID_SIGNAL = 10
};
enum pipe_channel { PIPE_STDIN = 0, PIPE_STDOUT = 1, PIPE_STDERR = 2, PIPE_EXIT = 3 };
enum pipe_read_mode { PIPE_READ_ALL = 0, PIPE_READ_BYTES = 1, PIPE_READ_LINE = 2, PIPE_READ_ANY = 3 };

typedef struct pipe_slice {
  const char *data;
  size_t size;
} pipe_slice;

typedef struct pipe_exit {
  int signaled;
  int status;
} pipe_exit;

typedef struct pipe_spawn_options {
  const char *file;
  const char *const *argv;
  const char *const *envp;
  size_t buffer_size;
  int merge_stderr;
} pipe_spawn_options;

int pipe_abi_version(void);
size_t pipe_error_text(int code, char *buffer, size_t size);
const char *pipe_error_name(int code);

int pipe_loop_open(size_t max_result, pipe_loop **loop);
void pipe_loop_close(pipe_loop *loop);
int pipe_loop_alive(const pipe_loop *loop);
int pipe_loop_run(pipe_loop *loop, int block);
uint32_t pipe_loop_next(pipe_loop *loop);
int pipe_loop_fd(pipe_loop *loop);
void pipe_loop_wake(pipe_loop *loop);
double pipe_loop_timeout(pipe_loop *loop);
size_t pipe_loop_children(const pipe_loop *loop);
const char *pipe_loop_reaper(const pipe_loop *loop);

int pipe_timer_start(pipe_loop *loop, double ms, uint32_t token, pipe_timer **timer);
void pipe_timer_free(pipe_timer *timer);

int pipe_spawn(pipe_loop *loop, const pipe_spawn_options *options, pipe_process **process);
int pipe_process_pid(const pipe_process *process);
void pipe_process_close(pipe_process *process);
void pipe_process_free(pipe_process *process);
int pipe_kill(pipe_process *process, int signum);
int pipe_shutdown(pipe_process *process, int channel);

int pipe_read(pipe_process *process, int channel, int mode, size_t length, pipe_slice *result);
int pipe_read_result(pipe_process *process, int channel, pipe_slice *result);
void pipe_read_take(pipe_process *process, int channel);

int pipe_write(pipe_process *process, const pipe_slice *slices, size_t count, double *written);
int pipe_write_result(pipe_process *process, double *written);

int pipe_wait(pipe_process *process, pipe_exit *exit);
int pipe_wait_result(pipe_process *process, pipe_exit *exit);
int pipe_try_wait(pipe_process *process, pipe_exit *exit);

int pipe_start(pipe_process *process, int channel, uint32_t timeout_ms, uint32_t token);
void pipe_cancel(pipe_process *process, int channel);
]]

return true
