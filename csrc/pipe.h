/**
 * @file pipe.h
 * The C interface between the core and its host language (LuaJIT's FFI): child processes, their
 * pipes, and time, without ever blocking the caller.
 *
 * Rules that hold for every function:
 *
 *  1. Plain C. Handles are opaque; nothing throws; nothing calls back. The host pulls.
 *  2. An `int` result is PIPE_OK (0), or a word of `enum pipe_word` (> 0), or a negative errno (< 0).
 *  3. Whatever may have to wait is two calls. pipe_read(), pipe_write() and pipe_wait() only try; when they answer
 *     PIPE_AGAIN nothing is armed, but the channel is held, so that a finalizer that the host runs now finds it busy.
 *     pipe_start() then arms the operation with a timeout and a token. The token comes out of pipe_loop_next()
 *     once, when the operation has ended, and the `_result` function tells how. At any time pipe_cancel() forgets
 *     the operation: its token never comes out, and nothing has been consumed.
 *  4. Memory of the host is read during a call only, except the slices of a write, which the host keeps in
 *     place until the write's result has been fetched or the write has been cancelled.
 *  5. A loop, its processes and its timers belong to one thread. Several loops in several threads are independent.
 *  6. Finalizers may run in any order: each process and timer keeps its loop alive.
 *  7. In a forked copy of the host everything inherited is dead: I/O answers PIPE_CLOSED, pipe_wait() and pipe_kill()
 *     PIPE_EXITED, and freeing touches none of the parent's children.
 */
#ifndef PIPE_H_
#define PIPE_H_

#include <stddef.h>
#include <stdint.h>

#define PIPE_ABI_VERSION 1

#if defined(__GNUC__)
#define PIPE_EXPORT __attribute__((visibility("default")))
#else
#define PIPE_EXPORT
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** One event loop with its children. */
typedef struct pipe_loop pipe_loop;
/** One child and the host's ends of its pipes. */
typedef struct pipe_process pipe_process;
/** One pending or expired delay. */
typedef struct pipe_timer pipe_timer;

/** What a call may answer besides 0 and a negative errno. */
enum pipe_word {
  PIPE_OK = 0,
  PIPE_AGAIN = 1,          /**< it has to wait: pipe_start() it, or pipe_cancel() */
  PIPE_BUSY = 2,           /**< another operation already waits for the same thing */
  PIPE_CLOSED = 3,         /**< end of file, no reader left, or shut down by the host */
  PIPE_TIMEOUT = 4,        /**< the timeout passed first */
  PIPE_ABORTED = 5,        /**< shut down or closed while it waited */
  PIPE_EXITED = 6,         /**< the exit has been told already, or there is nothing left to signal */
  PIPE_RUNNING = 7,        /**< the child still lives */
  PIPE_MERGED = 8,         /**< stderr goes where stdout goes */
  PIPE_TOO_MUCH = 9,       /**< the result would be longer than the host's strings may be; the data stays */
  PIPE_INVALID_SIGNAL = 10 /**< no such signal number */
};

/** What an operation is about: one of the three streams, or the child's exit. */
enum pipe_channel { PIPE_STDIN = 0, PIPE_STDOUT = 1, PIPE_STDERR = 2, PIPE_EXIT = 3 };

/** How much a read wants. */
enum pipe_read_mode {
  PIPE_READ_ALL = 0,   /**< everything up to end of file */
  PIPE_READ_BYTES = 1, /**< exactly `length` bytes */
  PIPE_READ_LINE = 2,  /**< up to LF; neither it nor one CR right before it is given */
  PIPE_READ_ANY = 3    /**< what is there, at least one byte and at most `length` */
};

/** Borrowed bytes. `data` is NULL where there is nothing to tell, which is not the same as an empty slice. */
typedef struct pipe_slice {
  const char* data;
  size_t size;
} pipe_slice;

/** How a child ended: wait(2)'s WIFSIGNALED and WTERMSIG, or WEXITSTATUS. */
typedef struct pipe_exit {
  int signaled; /**< 1: killed by the signal `status`; 0: exited with the code `status` */
  int status;
} pipe_exit;

/** What to start. Every pointer is borrowed for the call. */
typedef struct pipe_spawn_options {
  const char* file;        /**< looked up in the host's PATH unless it contains a slash, as execvp(3) does */
  const char* const* argv; /**< ends with NULL; argv[0] included */
  const char* const* envp; /**< ends with NULL; NULL itself is the host's environment */
  size_t buffer_size;      /**< first size of a read buffer, in bytes, at least 1 */
  int merge_stderr;        /**< not 0: the child's stderr is its stdout */
} pipe_spawn_options;

/** PIPE_ABI_VERSION of the library that was loaded. */
PIPE_EXPORT int pipe_abi_version(void);
/** strerror(3)'s text for a negative errno, cut to fit; returns its length. */
PIPE_EXPORT size_t pipe_error_text(int code, char* buffer, size_t size);
/** The name of a negative errno, "ENOENT"; "" for a number that has none. Static memory. */
PIPE_EXPORT const char* pipe_error_name(int code);

/**
 * Makes a loop. `max_result` is the longest string the host can make of one read.
 * Reads the environment: PIPE_REAPER=sigchld does without pidfds, PIPE_SPAWN=fork without shared memory.
 * Errors: -EMFILE, -ENFILE, -ENOMEM.
 */
PIPE_EXPORT int pipe_loop_open(size_t max_result, pipe_loop** loop);
/** Gives up the host's reference. The last one to go kills and reaps what still lives (at most a second). */
PIPE_EXPORT void pipe_loop_close(pipe_loop* loop);
/** 1, or 0 in a forked copy of the host, where the loop can do nothing any more: open another. */
PIPE_EXPORT int pipe_loop_alive(const pipe_loop* loop);
/**
 * One turn: dispatches what is ready. With `block` it sleeps until there is something, unless operations have
 * ended already or none is armed. Returns 0.
 */
PIPE_EXPORT int pipe_loop_run(pipe_loop* loop, int block);
/** The token of the next operation that ended, in the order in which they did; 0 if none. */
PIPE_EXPORT uint32_t pipe_loop_next(pipe_loop* loop);
/**
 * A descriptor for other event loops, the loop's own, valid as long as it: polls readable while a
 * pipe_loop_run(loop, 0) would find work, counting timers, and operations started since the last one.
 * Errors: -EMFILE, -ENFILE, -ENOMEM.
 */
PIPE_EXPORT int pipe_loop_fd(pipe_loop* loop);
/** Makes the descriptor readable until the next pipe_loop_run(): the host has work of its own. */
PIPE_EXPORT void pipe_loop_wake(pipe_loop* loop);
/** Milliseconds until the next timer; 0 while ended operations wait for pipe_loop_next(); -1 for none. */
PIPE_EXPORT double pipe_loop_timeout(pipe_loop* loop);
/** How many children of this loop have not been reaped yet, those without a handle included. */
PIPE_EXPORT size_t pipe_loop_children(const pipe_loop* loop);
/** "pidfd" or "sigchld": how this loop learns of exits. Static memory. */
PIPE_EXPORT const char* pipe_loop_reaper(const pipe_loop* loop);

/** Arms a delay of `ms` milliseconds (fractions are rounded up; it never ends early). Errors: -ENOMEM. */
PIPE_EXPORT int pipe_timer_start(pipe_loop* loop, double ms, uint32_t token, pipe_timer** timer);
/** Stops it if it is pending, and frees it. */
PIPE_EXPORT void pipe_timer_free(pipe_timer* timer);

/**
 * Starts a program with a pipe at each of its descriptors 0, 1 and 2 and no other descriptor, with default signal
 * handlers and an empty mask. Never waits for the child beyond its execve(2).
 * Errors: execve(2)'s, or those of clone(2) and pipe2(2); nothing is left behind then.
 */
PIPE_EXPORT int pipe_spawn(pipe_loop* loop, const pipe_spawn_options* options, pipe_process** process);
/** The child's process id, also after its exit. */
PIPE_EXPORT int pipe_process_pid(const pipe_process* process);
/**
 * Kills the child with SIGKILL if it lives, ends what waits with PIPE_ABORTED and closes every pipe. The handle stays
 * valid. Never blocks: the loop reaps the child when it has died.
 */
PIPE_EXPORT void pipe_process_close(pipe_process* process);
/** pipe_process_close(), and frees the handle. What waits on it must have been cancelled or fetched. */
PIPE_EXPORT void pipe_process_free(pipe_process* process);
/**
 * Sends a signal (0 only asks). PIPE_EXITED when the child has exited, waited for or not; PIPE_INVALID_SIGNAL;
 * -EPERM. Never reaches a stranger who has got the pid since.
 */
PIPE_EXPORT int pipe_kill(pipe_process* process, int signum);
/**
 * Closes one direction; who waits on it gets PIPE_ABORTED. 0 also when it was closed before. PIPE_MERGED for a
 * merged stderr, PIPE_CLOSED after the exit has been told by pipe_wait() or after pipe_process_close().
 */
PIPE_EXPORT int pipe_shutdown(pipe_process* process, int channel);

/**
 * Reads from PIPE_STDOUT or PIPE_STDERR. PIPE_OK: `result` is what was asked for. PIPE_CLOSED at end of file,
 * PIPE_TIMEOUT, PIPE_ABORTED, negative errno: `result` is what had come. Otherwise its data is NULL. The bytes
 * stay valid, and stay in the stream, and the stream is busy, until pipe_read_take() or pipe_cancel().
 */
PIPE_EXPORT int pipe_read(pipe_process* process, int channel, int mode, size_t length, pipe_slice* result);
/** The outcome of a read that was started; as pipe_read(), never PIPE_AGAIN or PIPE_BUSY. */
PIPE_EXPORT int pipe_read_result(pipe_process* process, int channel, pipe_slice* result);
/** Takes the bytes that the last pipe_read() or pipe_read_result() showed (and their line end) out of the stream. */
PIPE_EXPORT void pipe_read_take(pipe_process* process, int channel);

/**
 * Writes all slices to the child's stdin; `written` counts what is in the pipe so far, whatever the outcome.
 * A dead reader is PIPE_CLOSED, never a SIGPIPE to the host.
 */
PIPE_EXPORT int pipe_write(pipe_process* process, const pipe_slice* slices, size_t count, double* written);
/** The outcome of a write that was started; as pipe_write(), never PIPE_AGAIN or PIPE_BUSY. */
PIPE_EXPORT int pipe_write_result(pipe_process* process, double* written);

/**
 * Uses up the exit. PIPE_AGAIN while the child lives, PIPE_BUSY, PIPE_EXITED when it was told before.
 * -ECHILD: somebody else reaped it, and the kernel no longer knows how it ended.
 */
PIPE_EXPORT int pipe_wait(pipe_process* process, pipe_exit* exit);
/** The outcome of a wait that was started: as pipe_wait(), or PIPE_TIMEOUT or PIPE_ABORTED. */
PIPE_EXPORT int pipe_wait_result(pipe_process* process, pipe_exit* exit);
/** As pipe_wait(), but uses nothing up: PIPE_RUNNING, or the exit, as often as one asks. */
PIPE_EXPORT int pipe_try_wait(pipe_process* process, pipe_exit* exit);

/**
 * Arms the operation whose try has just answered PIPE_AGAIN: PIPE_STDIN a write, PIPE_STDOUT and PIPE_STDERR a read,
 * PIPE_EXIT a wait. `timeout_ms` 0 never times out; `token` is not 0. Errors: -ENOMEM and epoll_ctl(2)'s; nothing
 * is armed then.
 */
PIPE_EXPORT int pipe_start(pipe_process* process, int channel, uint32_t timeout_ms, uint32_t token);
/** Forgets a held, armed or ended operation, or bytes that were shown and not taken. Nothing is consumed. */
PIPE_EXPORT void pipe_cancel(pipe_process* process, int channel);

#ifdef __cplusplus
}
#endif

#endif
