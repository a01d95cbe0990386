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
 *  6. Finalizers may run in any order: each process keeps its loop alive.
 *  7. In a forked copy of the host everything inherited is dead: I/O answers PIPE_CLOSED, pipe_wait() and pipe_kill()
 *     PIPE_EXITED, and freeing touches none of the parent's children.
 */
#ifndef PIPE_H_
#define PIPE_H_

#include <stddef.h>
#include <stdint.h>

#define PIPE_ABI_VERSION 5

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
/** Somebody who wants to know of a child's exit without using it up. */
typedef struct pipe_exit_watch pipe_exit_watch;
/** A child and its descendants, to be signalled together. */
typedef struct pipe_family pipe_family;
/** A kernel pipe between children: both its ends. */
typedef struct pipe_joint pipe_joint;

/** What a call may answer besides 0 and a negative errno. */
enum pipe_word {
  PIPE_OK = 0,
  PIPE_AGAIN = 1,           /**< it has to wait: pipe_start() it, or pipe_cancel() */
  PIPE_BUSY = 2,            /**< another operation already waits for the same thing */
  PIPE_CLOSED = 3,          /**< end of file, no reader left, or shut down by the host */
  PIPE_TIMEOUT = 4,         /**< the timeout passed first */
  PIPE_ABORTED = 5,         /**< shut down or closed while it waited */
  PIPE_EXITED = 6,          /**< the exit has been told already, or there is nothing left to signal */
  PIPE_RUNNING = 7,         /**< the child still lives */
  PIPE_MERGED = 8,          /**< stderr goes where stdout goes */
  PIPE_TOO_MUCH = 9,        /**< the result would be longer than the host's strings may be; the data stays */
  PIPE_INVALID_SIGNAL = 10, /**< no such signal number */
  PIPE_NOT_A_PIPE = 11      /**< the child has something else there, and the host holds no end of it */
};

/** What an operation is about: one of the three streams, or the child's exit. */
enum pipe_channel { PIPE_STDIN = 0, PIPE_STDOUT = 1, PIPE_STDERR = 2, PIPE_EXIT = 3 };

/** What a turn of the loop does before it dispatches what is ready. */
enum pipe_turn {
  PIPE_TURN_LOOK = 0,  /**< asks the kernel what is ready */
  PIPE_TURN_SLEEP = 1, /**< sleeps until something is, or a signal comes; not if one has ended, or none is armed */
  PIPE_TURN_GLANCE = 2 /**< asks the kernel only if the last time is 50 microseconds ago: the host is busy itself */
};

/** How much a read wants. */
enum pipe_read_mode {
  PIPE_READ_ALL = 0,   /**< everything up to end of file */
  PIPE_READ_BYTES = 1, /**< exactly `length` bytes */
  PIPE_READ_LINE = 2,  /**< up to LF; neither it nor one CR right before it is given */
  PIPE_READ_ANY = 3,   /**< what is there, at least one byte and at most `length` */
  PIPE_READ_POLL = 4,  /**< the same, and after PIPE_AGAIN nothing is held: there is nothing now */
  PIPE_READ_WITHIN = 5 /**< as PIPE_READ_ALL; PIPE_TOO_MUCH if that is more than `length` bytes, which stay */
};

/** Borrowed bytes. `data` is NULL where there is nothing to tell, which is not the same as an empty slice. */
typedef struct pipe_slice {
  const char* data;
  size_t size;
} pipe_slice;

/** Bytes of an output that the host may take without a call. */
typedef struct pipe_buffered {
  const char* data; /**< the first one; NULL with `size` 0, also while an operation has the stream */
  int32_t size;     /**< how many can be seen here */
  uint32_t loans;   /**< counts up whenever the core lends bytes */
} pipe_buffered;

/** How a child ended: wait(2)'s WIFSIGNALED and WTERMSIG, or WEXITSTATUS. */
typedef struct pipe_exit {
  int signaled; /**< 1: killed by the signal `status`; 0: exited with the code `status` */
  int status;
} pipe_exit;

/** Where a descriptor of the child comes from. */
enum pipe_source {
  PIPE_SOURCE_PIPE = 0,  /**< a pipe to the host; for 0, 1 and 2 only */
  PIPE_SOURCE_NULL = 1,  /**< /dev/null */
  PIPE_SOURCE_FD = 2,    /**< a copy of the host's `fd`, which stays the host's */
  PIPE_SOURCE_FILE = 3,  /**< the file at `path`, opened by the host, made with mode 0666 where it is missing */
  PIPE_SOURCE_STDOUT = 4 /**< for 2 only: a copy of the child's 1 */
};

/** How a file is opened: fopen(3)'s "r", "w" and "a". */
enum pipe_access { PIPE_ACCESS_READ = 0, PIPE_ACCESS_WRITE = 1, PIPE_ACCESS_APPEND = 2 };

/** One descriptor of the child. */
typedef struct pipe_descriptor {
  int number;        /**< its number in the child */
  int source;        /**< enum pipe_source */
  int fd;            /**< PIPE_SOURCE_FD: the host's descriptor */
  int access;        /**< PIPE_SOURCE_FILE: enum pipe_access */
  const char* path;  /**< PIPE_SOURCE_FILE: relative to the host's directory */
  pipe_joint* joint; /**< PIPE_SOURCE_PIPE: NULL for a new pipe, or the one to use for 1 or 2 */
} pipe_descriptor;

/** One limit of setrlimit(2). ~0 is RLIM_INFINITY. */
typedef struct pipe_limit {
  int resource; /**< the number of RLIMIT_… */
  uint64_t soft;
  uint64_t hard;
} pipe_limit;

/** What pipe_spawn_options.flags asks for. The fields named here are read only where their flag is set. */
enum pipe_spawn_flag {
  PIPE_SPAWN_GROUP = 1 << 0,        /**< setpgid(2): it leads its own process group, and signals go to all of it */
  PIPE_SPAWN_DETACHED = 1 << 1,     /**< setsid(2); freeing the handle and the host's exit leave it alone */
  PIPE_SPAWN_SUBREAPER = 1 << 2,    /**< PR_SET_CHILD_SUBREAPER: orphans below it stay below it */
  PIPE_SPAWN_PTY = 1 << 3,          /**< 0, 1 and 2 are a terminal with `rows` and `columns`, and it leads a session */
  PIPE_SPAWN_UID = 1 << 4,          /**< `uid` */
  PIPE_SPAWN_GID = 1 << 5,          /**< `gid` */
  PIPE_SPAWN_GROUPS = 1 << 6,       /**< `groups`, `group_count` */
  PIPE_SPAWN_NICE = 1 << 7,         /**< `nice` */
  PIPE_SPAWN_UMASK = 1 << 8,        /**< `umask` */
  PIPE_SPAWN_DEATH_SIGNAL = 1 << 9, /**< `death_signal` */
  PIPE_SPAWN_AFFINITY = 1 << 10     /**< `affinity`, `affinity_size` */
};

/** What to start. Every pointer is borrowed for the call. */
typedef struct pipe_spawn_options {
  const char* file;        /**< looked up in the host's PATH unless it contains a slash, as execvp(3) does */
  const char* const* argv; /**< ends with NULL; argv[0] included */
  const char* const* envp; /**< ends with NULL; NULL itself is the host's environment */
  const char* cwd;         /**< where it starts, and where a relative `file` is looked up; NULL: where the host is */
  const pipe_descriptor* descriptors; /**< 0, 1 and 2, then others in rising order; NULL: three pipes */
  size_t descriptor_count;
  size_t buffer_size; /**< first size of a read buffer, in bytes, at least 1 */
  size_t pipe_size;   /**< capacity of the pipes to the host where the kernel allows it; 0: the kernel's default */
  const pipe_limit* limits;
  size_t limit_count;
  const unsigned* groups;
  size_t group_count;
  const uint8_t* affinity; /**< sched_setaffinity(2)'s mask: processor n is bit n % 8 of byte n / 8 */
  size_t affinity_size;    /**< in bytes */
  unsigned flags;          /**< of enum pipe_spawn_flag */
  unsigned uid;
  unsigned gid;
  unsigned umask;
  int nice;         /**< the nice value itself, -20 to 19 */
  int death_signal; /**< sent to the child when the thread that started it ends */
  int rows;
  int columns;
} pipe_spawn_options;

/** What a spawn was about when it failed. */
enum pipe_step {
  PIPE_STEP_START = 0,        /**< pipes, memory, clone(2) */
  PIPE_STEP_PROGRAM = 1,      /**< execve(2) */
  PIPE_STEP_DIRECTORY = 2,    /**< `cwd` */
  PIPE_STEP_DESCRIPTOR = 3,   /**< descriptors[index] */
  PIPE_STEP_SESSION = 4,      /**< setsid(2) or setpgid(2) */
  PIPE_STEP_PTY = 5,          /**< the terminal */
  PIPE_STEP_GROUPS = 6,       /**< setgroups(2) */
  PIPE_STEP_GID = 7,          /**< setresgid(2) */
  PIPE_STEP_UID = 8,          /**< setresuid(2) */
  PIPE_STEP_LIMIT = 9,        /**< limits[index] */
  PIPE_STEP_NICE = 10,        /**< setpriority(2) */
  PIPE_STEP_AFFINITY = 11,    /**< sched_setaffinity(2) */
  PIPE_STEP_SUBREAPER = 12,   /**< prctl(2) */
  PIPE_STEP_DEATH_SIGNAL = 13 /**< prctl(2) */
};

/** Where a spawn failed. */
typedef struct pipe_failure {
  int step;  /**< enum pipe_step */
  int index; /**< of the descriptor or limit */
} pipe_failure;

/** What a child has used, itself and those that it waited for: getrusage(2)'s fields, times in seconds, and `maxrss` in
    bytes. */
typedef struct pipe_usage {
  double utime, stime, maxrss, ixrss, idrss, isrss, minflt, majflt, nswap, inblock, oublock, msgsnd, msgrcv, nsignals,
      nvcsw, nivcsw;
} pipe_usage;

/** An entry of the user database. */
typedef struct pipe_account {
  unsigned uid;
  unsigned gid;
  size_t group_count; /**< before: the room in `groups`; after: how many there are */
  unsigned* groups;   /**< the supplementary groups, `gid` among them */
} pipe_account;

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
/**
 * Gives up the host's reference. The last one to go kills and reaps what still lives: in a second at most, unless the
 * host itself gets no processor. A child in an uninterruptible sleep is left.
 */
PIPE_EXPORT void pipe_loop_close(pipe_loop* loop);
/** 1, or 0 in a forked copy of the host, where the loop can do nothing any more: open another. */
PIPE_EXPORT int pipe_loop_alive(const pipe_loop* loop);
/**
 * One turn, of enum pipe_turn. Returns 1 if pipe_loop_next() has something then, else 0; -ECHILD in a forked copy of
 * the host.
 */
PIPE_EXPORT int pipe_loop_run(pipe_loop* loop, int turn);
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

/**
 * Arms a delay of `ms` milliseconds (it never ends early); its token comes out of pipe_loop_next() and is all that
 * there is to it. Errors: -ENOMEM, -EEXIST for a token that is out as a timer's already, -EINVAL for 0.
 */
PIPE_EXPORT int pipe_timer_start(pipe_loop* loop, double ms, uint32_t token);
/** Its token, if it is still out, never comes out. */
PIPE_EXPORT void pipe_timer_stop(pipe_loop* loop, uint32_t token);
/** CLOCK_MONOTONIC, in milliseconds: the clock of all timeouts. */
PIPE_EXPORT double pipe_now(void);

/** 1 for a signal that pipe_signal_watch() takes: not KILL, STOP, what a fault raises (SEGV, BUS, FPE, ILL), libc's
 * own. */
PIPE_EXPORT int pipe_signal_catchable(int signum);
/**
 * Catches a signal of the host's from now on, also one that the host ignores. Each arrival counts until
 * pipe_signal_next() tells it. The host's own handler is not called meanwhile, but for one of SIGCHLD. Each loop that
 * watches a signal gets it. Errors: -EINVAL for one that cannot be caught, -EMFILE, -ENFILE, -ENOMEM, -ENOSPC, -ECHILD
 * in a forked copy of the host.
 */
PIPE_EXPORT int pipe_signal_watch(pipe_loop* loop, int signum);
/** Puts back what the host had when the last loop stops watching, and forgets arrivals that have not been told. */
PIPE_EXPORT void pipe_signal_unwatch(pipe_loop* loop, int signum);
/**
 * Arms: `token` comes out of pipe_loop_next() when there is an arrival that has not been told.
 * PIPE_BUSY while another token is out. Errors: -EINVAL for 0, -ECHILD.
 */
PIPE_EXPORT int pipe_signal_start(pipe_loop* loop, uint32_t token);
/** The token, if it is still out, never comes out. No arrival is forgotten. */
PIPE_EXPORT void pipe_signal_cancel(pipe_loop* loop);
/**
 * Tells of one signal that has come, and in `count` how often since it was told last; 0 ends a pass over all signals,
 * in the order of their numbers. What comes during a pass is told in this one or in the next.
 */
PIPE_EXPORT int pipe_signal_next(pipe_loop* loop, uint32_t* count);
/** kill(2). Errors: -ESRCH, -EPERM, -EINVAL. */
PIPE_EXPORT int pipe_signal_send(int pid, int signum);

/** The host's environment as it is now, as environ(7): borrowed until somebody changes it. */
PIPE_EXPORT const char* const* pipe_environment(void);
/** Flushes a FILE*, and gives its descriptor, which stays the file's. Errors: fflush(3)'s. */
PIPE_EXPORT int pipe_file_descriptor(void* file);
/**
 * Looks up a user by name, or where that is NULL by `account->uid`: getpwnam(3), getgrouplist(3). PIPE_TOO_MUCH when
 * `groups` has no room: call again with what group_count says. Errors: -ENOENT for an unknown one. May block.
 */
PIPE_EXPORT int pipe_user_find(const char* name, pipe_account* account);
/** Looks up a group by name: getgrnam(3). Errors: -ENOENT. May block. */
PIPE_EXPORT int pipe_group_find(const char* name, unsigned* gid);

/** Makes a kernel pipe for children; `capacity` as pipe_spawn_options.pipe_size. Errors: -EMFILE, -ENFILE, -ENOMEM. */
PIPE_EXPORT int pipe_joint_open(size_t capacity, pipe_joint** joint);
/**
 * Opens a file instead, as PIPE_SOURCE_FILE does, for several children that share its position. It has a writing end
 * only, whatever `access` (enum pipe_access) is, and cannot be a PIPE_SOURCE_PIPE. Errors: open(2)'s; -ENXIO for a FIFO
 * that nobody reads.
 */
PIPE_EXPORT int pipe_joint_open_file(const char* path, int access, pipe_joint** joint);
/** The descriptor of its reading (0) or writing (1) end: the joint's own, blocking, for PIPE_SOURCE_FD. Or -EBADF. */
PIPE_EXPORT int pipe_joint_end(const pipe_joint* joint, int end);
/** Closes both ends; children keep theirs. */
PIPE_EXPORT void pipe_joint_free(pipe_joint* joint);

/**
 * Starts a program with the descriptors that were asked for and no other, with default signal handlers and an empty
 * mask. Never waits for the child beyond its execve(2), nor for a FIFO's other end.
 * Errors: what `failure` (it may be NULL) tells apart; nothing is left behind then.
 */
PIPE_EXPORT int pipe_spawn(pipe_loop* loop, const pipe_spawn_options* options, pipe_failure* failure,
                           pipe_process** process);
/** The child's process id, also after its exit. */
PIPE_EXPORT int pipe_process_pid(const pipe_process* process);
/**
 * Kills the child with SIGKILL if it lives, detached or not, ends what waits with PIPE_ABORTED and closes every pipe.
 * The handle stays valid. Never blocks: the loop reaps the child when it has died.
 */
PIPE_EXPORT void pipe_process_close(pipe_process* process);
/** pipe_process_close(), but a detached child lives on, and frees the handle. What waits on it must have been cancelled
 * or fetched. */
PIPE_EXPORT void pipe_process_free(pipe_process* process);
/**
 * Sends a signal (0 only asks), to the child's whole group if it leads one by PIPE_SPAWN_GROUP. PIPE_EXITED when the
 * child has exited, waited for or not; PIPE_INVALID_SIGNAL; -EPERM. Never reaches a stranger who has got the pid since.
 */
PIPE_EXPORT int pipe_kill(pipe_process* process, int signum);
/**
 * Closes one direction; who waits on it gets PIPE_ABORTED. 0 also when it was closed before. PIPE_MERGED for a
 * merged stderr, PIPE_NOT_A_PIPE, PIPE_CLOSED after the exit has been told by pipe_wait() or after
 * pipe_process_close(). A terminal's stdin: its end-of-file character is typed (-EAGAIN: there is no room for it now).
 */
PIPE_EXPORT int pipe_shutdown(pipe_process* process, int channel);
/** Sets the size of the child's terminal; it gets SIGWINCH. PIPE_NOT_A_PIPE without one, PIPE_CLOSED after its end. */
PIPE_EXPORT int pipe_resize(pipe_process* process, int rows, int columns);
/** What the child has used. PIPE_RUNNING before its exit; PIPE_EXITED when it was closed before; -ECHILD as
 * pipe_wait(). */
PIPE_EXPORT int pipe_rusage(pipe_process* process, pipe_usage* usage);

/**
 * Takes hold of the child and of every process whose chain of living parents leads to it. PIPE_EXITED when the child
 * has exited. Errors: -ENOMEM; those of opening /proc; -EACCES where that hides the child, or is another pid
 * namespace's.
 */
PIPE_EXPORT int pipe_family_open(pipe_process* process, pipe_family** family);
/**
 * Signals all that live, and their descendants of now: they are stopped until a walk through /proc finds no new one,
 * signalled, and continued, never by a pid that has become a stranger's. 0 only asks. PIPE_EXITED when none lives,
 * PIPE_INVALID_SIGNAL; else the first error, when the others have been signalled all the same.
 */
PIPE_EXPORT int pipe_family_signal(pipe_family* family, int signum);
/** How many of those that were found last still live. */
PIPE_EXPORT size_t pipe_family_living(pipe_family* family);
/** Lets go of them. */
PIPE_EXPORT void pipe_family_free(pipe_family* family);

/**
 * Reads from PIPE_STDOUT or PIPE_STDERR. PIPE_OK: `result` is what was asked for. PIPE_CLOSED at end of file,
 * PIPE_TIMEOUT, PIPE_ABORTED, negative errno: `result` is what had come. Otherwise its data is NULL. The bytes
 * stay valid, and stay in the stream, and the stream is busy, until pipe_read_take() or pipe_cancel(). The first read
 * that has to ask the kernel after the start of the child, or after a write, may answer PIPE_AGAIN without asking: the
 * child needs some time. After pipe_cancel(), and with PIPE_READ_POLL, it asks.
 */
PIPE_EXPORT int pipe_read(pipe_process* process, int channel, int mode, size_t length, pipe_slice* result);
/**
 * Where the bytes lie that have been read from the kernel and that no frame has taken. The host may take some without a
 * call, from the first one on: it moves `data` up, lowers `size`, and leaves at least one, so that the next
 * call can free the buffer. Any call that reads, and any that ends a read, may move them: `size` is 0 then, or `loans`
 * another.
 * Valid as long as the process; NULL where the host has no such stream.
 */
PIPE_EXPORT pipe_buffered* pipe_buffered_bytes(pipe_process* process, int channel);
/** The outcome of a read that was started; as pipe_read(), never PIPE_AGAIN or PIPE_BUSY. -EINVAL before its end. */
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
/** The outcome of a wait that was started: as pipe_wait(), PIPE_TIMEOUT, PIPE_ABORTED, or PIPE_RUNNING for a read that
 * pipe_start_beside_exit() has armed. */
PIPE_EXPORT int pipe_wait_result(pipe_process* process, pipe_exit* exit);
/** As pipe_wait(), but uses nothing up: PIPE_RUNNING, or the exit, as often as one asks. */
PIPE_EXPORT int pipe_try_wait(pipe_process* process, pipe_exit* exit);

/**
 * Watches for the exit beside pipe_wait(), as often as one likes. `token` comes out of pipe_loop_next() when it is
 * there, the process was closed, or `timeout_ms` (0: never) have passed. Errors: -ENOMEM.
 */
PIPE_EXPORT int pipe_exit_watch_start(pipe_process* process, uint32_t timeout_ms, uint32_t token,
                                      pipe_exit_watch** watch);
/** PIPE_OK: the exit is there for pipe_wait() or pipe_try_wait(); PIPE_TIMEOUT; PIPE_ABORTED. */
PIPE_EXPORT int pipe_exit_watch_result(pipe_exit_watch* watch);
/** Stops watching, and frees it: before or after the process. */
PIPE_EXPORT void pipe_exit_watch_free(pipe_exit_watch* watch);

/**
 * Arms the operation whose try has just answered PIPE_AGAIN: PIPE_STDIN a write, PIPE_STDOUT and PIPE_STDERR a read,
 * PIPE_EXIT a wait. `timeout_ms` 0 never times out; `token` is not 0. PIPE_BUSY when it is armed, or has ended,
 * already. Errors: -EINVAL without a try, -ENOMEM and epoll_ctl(2)'s; nothing is armed then.
 */
PIPE_EXPORT int pipe_start(pipe_process* process, int channel, uint32_t timeout_ms, uint32_t token);
/**
 * Arms the read of an output whose try has just answered PIPE_AGAIN, without a token: pipe_read_result() tells later
 * whether it has ended. If it ends otherwise than with PIPE_OK, the wait for the exit that is held or armed ends with
 * PIPE_RUNNING, so that one token is enough to serve a child. Errors: as pipe_start().
 */
PIPE_EXPORT int pipe_start_beside_exit(pipe_process* process, int channel);
/** Forgets a held, armed or ended operation, or bytes that were shown and not taken. Nothing is consumed. */
PIPE_EXPORT void pipe_cancel(pipe_process* process, int channel);

#ifdef __cplusplus
}
#endif

#endif
