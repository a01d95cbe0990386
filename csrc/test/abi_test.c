/* pipe.h as a C program sees it: every function, by good arguments. Bad ones are abi_misuse.c's. */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "abi_check.h"

int failures = 0;

static const size_t longest = (size_t)1 << 31;

/* The token of what ends next. */
uint32_t next_token(pipe_loop* loop) {
  uint32_t token;
  while ((token = pipe_loop_next(loop)) == 0) pipe_loop_run(loop, 1);
  return token;
}

/* As another event loop would: it has only the descriptor. */
void run_until_all_are_reaped(pipe_loop* loop) {
  struct pollfd readable = {pipe_loop_fd(loop), POLLIN, 0};
  while (pipe_loop_children(loop) > 0) {
    poll(&readable, 1, -1);
    pipe_loop_run(loop, 0);
  }
}

pipe_process* spawn(pipe_loop* loop, const char* script, int merge_stderr) {
  const char* argv[] = {"/bin/sh", "-c", script, NULL};
  const pipe_descriptor descriptors[] = {{.number = 0, .source = PIPE_SOURCE_PIPE},
                                         {.number = 1, .source = PIPE_SOURCE_PIPE},
                                         {.number = 2, .source = merge_stderr ? PIPE_SOURCE_STDOUT : PIPE_SOURCE_PIPE}};
  const pipe_spawn_options options = {
      .file = "/bin/sh", .argv = argv, .buffer_size = 4096, .descriptors = descriptors, .descriptor_count = 3};
  pipe_process* process = NULL;
  CHECK(pipe_spawn(loop, &options, NULL, &process) == PIPE_OK);
  return process;
}

static int is(pipe_slice slice, const char* text) {
  return slice.data != NULL && slice.size == strlen(text) && memcmp(slice.data, text, slice.size) == 0;
}
static void test_errors(void) {
  char text[64];
  CHECK(pipe_abi_version() == PIPE_ABI_VERSION);
  CHECK(pipe_error_text(-ENOENT, text, sizeof text) == strlen("No such file or directory"));
  CHECK(strcmp(text, "No such file or directory") == 0);
  CHECK(pipe_error_text(-ENOENT, text, 3) == 2 && strcmp(text, "No") == 0);
  CHECK(pipe_error_text(-ENOENT, NULL, 0) == 0);
  CHECK(strcmp(pipe_error_name(-ENOENT), "ENOENT") == 0);
  CHECK(strcmp(pipe_error_name(-99999), "") == 0);
}

static void test_environment_and_files(void) {
  FILE* file = tmpfile();
  char byte = 0;
  int found = 0;
  CHECK(setenv("PIPE_ABI_TEST", "now", 1) == 0);
  for (const char* const* variable = pipe_environment(); *variable != NULL; ++variable) {
    found += strcmp(*variable, "PIPE_ABI_TEST=now") == 0;
  }
  CHECK(found == 1);
  CHECK(file != NULL && fputc('x', file) == 'x');
  const int fd = pipe_file_descriptor(file);
  CHECK(fd > 2 && fd == fileno(file));
  CHECK(pread(fd, &byte, 1, 0) == 1 && byte == 'x'); /* it was flushed */
  CHECK(close(fd) == 0);
  CHECK(fputc('x', file) == 'x' && pipe_file_descriptor(file) == -EBADF);
  fclose(file);
}

static void test_accounts(void) {
  unsigned groups[1000];
  unsigned gid = 99;
  pipe_account account = {.uid = 99, .gid = 99, .group_count = 1000, .groups = groups};
  CHECK(pipe_user_find("root", &account) == PIPE_OK && account.uid == 0 && account.gid == 0);
  CHECK(account.group_count >= 1 && account.group_count <= 1000);
  account.groups = NULL, account.group_count = 0;
  CHECK(pipe_user_find(NULL, &account) == PIPE_TOO_MUCH && account.group_count >= 1); /* by its uid, 0 */
  account.group_count = 0;
  CHECK(pipe_user_find("no-such-user", &account) == -ENOENT);
  CHECK(pipe_group_find("root", &gid) == PIPE_OK && gid == 0);
  CHECK(pipe_group_find("no-such-group", &gid) == -ENOENT);
}

static void test_streams_that_are_no_pipes(pipe_loop* loop) {
  const char* argv[] = {"true", NULL};
  const pipe_descriptor none[] = {{.number = 0, .source = PIPE_SOURCE_NULL},
                                  {.number = 1, .source = PIPE_SOURCE_NULL},
                                  {.number = 2, .source = PIPE_SOURCE_NULL}};
  const pipe_spawn_options options = {
      .file = "true", .argv = argv, .buffer_size = 1, .descriptors = none, .descriptor_count = 3};
  pipe_process* process = NULL;
  const pipe_slice word = {"x", 1};
  pipe_slice slice;
  double written = 9;
  CHECK(pipe_spawn(loop, &options, NULL, &process) == PIPE_OK);
  CHECK(pipe_write(process, &word, 1, &written) == PIPE_NOT_A_PIPE && written == 0);
  CHECK(pipe_write_result(process, &written) == PIPE_NOT_A_PIPE);
  for (int channel = PIPE_STDIN; channel <= PIPE_STDERR; ++channel) {
    CHECK(pipe_shutdown(process, channel) == PIPE_NOT_A_PIPE);
    CHECK(pipe_start(process, channel, 0, 1) == -EINVAL);
    pipe_cancel(process, channel);
    if (channel == PIPE_STDIN) continue;
    CHECK(pipe_read(process, channel, PIPE_READ_ALL, 0, &slice) == PIPE_NOT_A_PIPE && slice.data == NULL);
    CHECK(pipe_read_result(process, channel, &slice) == PIPE_NOT_A_PIPE && slice.data == NULL);
    CHECK(pipe_buffered_bytes(process, channel) == NULL);
    pipe_read_take(process, channel);
  }
  CHECK(pipe_resize(process, 1, 1) == PIPE_NOT_A_PIPE);
  pipe_process_free(process);
  run_until_all_are_reaped(loop);
}

static void test_joint(pipe_loop* loop) {
  const char* argv[] = {"echo", "joined", NULL};
  pipe_joint* joint = NULL;
  pipe_process* process = NULL;
  char came[8] = "";
  CHECK(pipe_joint_open(65536, &joint) == PIPE_OK && joint != NULL);
  CHECK(pipe_joint_end(joint, 0) > 2 && pipe_joint_end(joint, 1) > 2);
  const pipe_descriptor descriptors[] = {{.number = 0, .source = PIPE_SOURCE_NULL},
                                         {.number = 1, .source = PIPE_SOURCE_FD, .fd = pipe_joint_end(joint, 1)},
                                         {.number = 2, .source = PIPE_SOURCE_PIPE, .joint = joint}};
  const pipe_spawn_options options = {
      .file = "echo", .argv = argv, .buffer_size = 16, .descriptors = descriptors, .descriptor_count = 3};
  CHECK(pipe_spawn(loop, &options, NULL, &process) == PIPE_OK);
  struct pollfd readable = {pipe_joint_end(joint, 0), POLLIN, 0};
  CHECK(poll(&readable, 1, -1) == 1);
  CHECK(read(readable.fd, came, sizeof came) == 7 && memcmp(came, "joined\n", 7) == 0);
  pipe_joint_free(joint);
  pipe_process_free(process);
  run_until_all_are_reaped(loop);
}

static void test_joint_of_a_file(void) {
  char path[] = "/tmp/abi_test.XXXXXX";
  pipe_joint* joint = NULL;
  char there[4] = "";
  const int file = mkstemp(path);
  CHECK(file >= 0 && write(file, "old", 3) == 3);
  CHECK(pipe_joint_open_file(path, PIPE_ACCESS_APPEND, &joint) == PIPE_OK && joint != NULL);
  CHECK(pipe_joint_end(joint, 0) == -EBADF && pipe_joint_end(joint, 1) > 2);
  CHECK(write(pipe_joint_end(joint, 1), "+", 1) == 1);
  pipe_joint_free(joint);
  CHECK(pread(file, there, 4, 0) == 4 && memcmp(there, "old+", 4) == 0);
  CHECK(pipe_joint_open_file(path, PIPE_ACCESS_WRITE, &joint) == PIPE_OK);
  CHECK(pread(file, there, 4, 0) == 0);
  pipe_joint_free(joint);
  CHECK(close(file) == 0 && unlink(path) == 0);
  CHECK(pipe_joint_open_file(path, PIPE_ACCESS_READ, &joint) == -ENOENT && joint == NULL);
}

static void start_reads_beside_exit(pipe_process* process, size_t most) {
  pipe_slice slice;
  for (int channel = PIPE_STDOUT; channel <= PIPE_STDERR; ++channel) {
    CHECK(pipe_read(process, channel, PIPE_READ_WITHIN, most, &slice) == PIPE_AGAIN);
    CHECK(pipe_start_beside_exit(process, channel) == PIPE_OK);
    CHECK(pipe_start_beside_exit(process, channel) == PIPE_BUSY);
  }
}

static void test_one_token_for_all(pipe_loop* loop) {
  pipe_process* process = spawn(loop, "echo out; read x; echo err >&2; exit 7", 0);
  const pipe_slice line = {"\n", 1};
  pipe_slice slice;
  pipe_exit status;
  double written;
  CHECK(pipe_wait(process, &status) == PIPE_AGAIN);
  start_reads_beside_exit(process, 4);
  CHECK(pipe_start(process, PIPE_EXIT, 0, 9) == PIPE_OK);
  CHECK(pipe_read_result(process, PIPE_STDOUT, &slice) == -EINVAL); /* it has not ended */
  CHECK(pipe_write(process, &line, 1, &written) == PIPE_OK);
  CHECK(next_token(loop) == 9 && pipe_loop_next(loop) == 0);
  CHECK(pipe_wait_result(process, &status) == PIPE_OK && status.status == 7);
  CHECK(pipe_read_result(process, PIPE_STDOUT, &slice) == PIPE_OK && is(slice, "out\n"));
  CHECK(pipe_read_result(process, PIPE_STDERR, &slice) == PIPE_OK && is(slice, "err\n"));
  pipe_process_free(process);

  process = spawn(loop, "echo much; read x", 0);
  CHECK(pipe_wait(process, &status) == PIPE_AGAIN);
  start_reads_beside_exit(process, 4);
  CHECK(pipe_start(process, PIPE_EXIT, 0, 9) == PIPE_OK);
  CHECK(next_token(loop) == 9 && pipe_wait_result(process, &status) == PIPE_RUNNING);
  CHECK(pipe_read_result(process, PIPE_STDOUT, &slice) == PIPE_TOO_MUCH && slice.data == NULL);
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_LINE, 0, &slice) == PIPE_OK && is(slice, "much"));
  CHECK(pipe_read_result(process, PIPE_STDERR, &slice) == -EINVAL);
  pipe_process_free(process);

  process = spawn(loop, "read x", 0);
  CHECK(pipe_wait(process, &status) == PIPE_AGAIN);
  start_reads_beside_exit(process, 4);
  CHECK(pipe_shutdown(process, PIPE_STDOUT) == PIPE_OK); /* before the wait is armed */
  CHECK(pipe_start(process, PIPE_EXIT, 0, 9) == PIPE_OK);
  CHECK(next_token(loop) == 9 && pipe_wait_result(process, &status) == PIPE_RUNNING);
  CHECK(pipe_read_result(process, PIPE_STDOUT, &slice) == PIPE_ABORTED);
  pipe_process_free(process);
  run_until_all_are_reaped(loop);
}

static void test_terminal_usage_and_exit_watch(pipe_loop* loop) {
  const char* argv[] = {"/bin/sh", "-c", "stty size; read x; exit 7", NULL};
  const pipe_spawn_options options = {
      .file = "/bin/sh", .argv = argv, .buffer_size = 16, .flags = PIPE_SPAWN_PTY, .rows = 30, .columns = 100};
  pipe_process* process = NULL;
  pipe_exit_watch* watch = NULL;
  pipe_exit_watch* timed = NULL;
  pipe_slice slice;
  pipe_usage usage;
  pipe_exit status;
  CHECK(pipe_spawn(loop, &options, NULL, &process) == PIPE_OK);
  CHECK(pipe_read(process, PIPE_STDERR, PIPE_READ_ALL, 0, &slice) == PIPE_MERGED);
  if (pipe_read(process, PIPE_STDOUT, PIPE_READ_LINE, 0, &slice) == PIPE_AGAIN) {
    CHECK(pipe_start(process, PIPE_STDOUT, 0, 7) == PIPE_OK);
    CHECK(next_token(loop) == 7);
    CHECK(pipe_read_result(process, PIPE_STDOUT, &slice) == PIPE_OK);
  }
  CHECK(is(slice, "30 100"));
  pipe_read_take(process, PIPE_STDOUT);
  CHECK(pipe_resize(process, 31, 101) == PIPE_OK);
  CHECK(pipe_rusage(process, NULL) == -EINVAL && pipe_rusage(process, &usage) == PIPE_RUNNING);
  CHECK(pipe_exit_watch_start(process, 0, 8, NULL) == -EINVAL);
  CHECK(pipe_exit_watch_start(process, 0, 0, &watch) == -EINVAL && watch == NULL);
  CHECK(pipe_exit_watch_start(process, 0, 8, &watch) == PIPE_OK && watch != NULL);
  CHECK(pipe_exit_watch_start(process, 1, 9, &timed) == PIPE_OK);
  CHECK(next_token(loop) == 9 && pipe_exit_watch_result(timed) == PIPE_TIMEOUT);
  CHECK(pipe_exit_watch_result(watch) == -EINVAL);      /* it has not ended */
  CHECK(pipe_shutdown(process, PIPE_STDIN) == PIPE_OK); /* types the end of file */
  CHECK(next_token(loop) == 8 && pipe_exit_watch_result(watch) == PIPE_OK);
  CHECK(pipe_wait(process, &status) == PIPE_OK && status.signaled == 0 && status.status == 7);
  CHECK(pipe_rusage(process, &usage) == PIPE_OK && usage.maxrss > 0 && usage.minflt > 0);
  CHECK(pipe_resize(process, 1, 1) == PIPE_CLOSED);
  pipe_exit_watch_free(timed);
  pipe_process_free(process);
  pipe_exit_watch_free(watch);
}

static void test_family(pipe_loop* loop) {
  pipe_process* process = spawn(loop, "exec sleep 1000000", 0);
  pipe_family* family = NULL;
  pipe_exit status;
  CHECK(pipe_family_open(process, NULL) == -EINVAL);
  CHECK(pipe_family_open(process, &family) == PIPE_OK && family != NULL);
  CHECK(pipe_family_living(family) == 1);
  CHECK(pipe_family_signal(family, 0) == PIPE_OK);
  CHECK(pipe_family_signal(family, -1) == PIPE_INVALID_SIGNAL && pipe_family_signal(family, 65) == PIPE_INVALID_SIGNAL);
  CHECK(pipe_family_signal(family, SIGKILL) == PIPE_OK);
  while (pipe_try_wait(process, &status) == PIPE_RUNNING) sched_yield();
  CHECK(status.signaled == 1 && status.status == SIGKILL);
  CHECK(pipe_family_signal(family, SIGKILL) == PIPE_EXITED);
  CHECK(pipe_family_living(family) == 0);
  pipe_family_free(family);
  family = NULL;
  CHECK(pipe_family_open(process, &family) == PIPE_EXITED && family == NULL);
  pipe_process_free(process);
}

static void test_timer(pipe_loop* loop) {
  CHECK(pipe_timer_start(loop, 0.5, 7) == PIPE_OK);
  CHECK(pipe_timer_start(loop, 0.5, 7) == -EEXIST);
  CHECK(pipe_timer_start(loop, 0, 8) == PIPE_OK);
  CHECK(pipe_loop_timeout(loop) >= 0);
  const double before = pipe_now();
  int ended;
  while ((ended = pipe_loop_run(loop, PIPE_TURN_GLANCE)) == 0) CHECK(pipe_now() >= before);
  CHECK(ended == 1);
  pipe_timer_stop(loop, 8);
  CHECK(next_token(loop) == 7);
  CHECK(pipe_loop_next(loop) == 0);
  pipe_timer_stop(loop, 7);
  CHECK(pipe_loop_timeout(loop) == -1);
}

static void test_signals(pipe_loop* loop) {
  struct sigaction now;
  uint32_t count = 99;
  CHECK(pipe_signal_catchable(SIGUSR1) == 1 && pipe_signal_catchable(SIGKILL) == 0);
  CHECK(pipe_signal_next(loop, &count) == 0 && count == 0);
  CHECK(pipe_signal_watch(loop, SIGUSR1) == PIPE_OK && pipe_signal_watch(loop, SIGUSR1) == PIPE_OK);
  CHECK(pipe_signal_start(loop, 5) == PIPE_OK);
  CHECK(pipe_signal_start(loop, 6) == PIPE_BUSY);
  CHECK(pipe_signal_send(getpid(), SIGUSR1) == PIPE_OK && pipe_signal_send(getpid(), SIGUSR1) == PIPE_OK);
  CHECK(next_token(loop) == 5);
  CHECK(pipe_signal_next(loop, &count) == SIGUSR1 && count == 2);
  CHECK(pipe_signal_next(loop, &count) == 0 && count == 0);
  CHECK(pipe_signal_start(loop, 6) == PIPE_OK);
  pipe_signal_cancel(loop);
  CHECK(pipe_signal_send(getpid(), SIGUSR1) == PIPE_OK);
  CHECK(pipe_loop_run(loop, PIPE_TURN_LOOK) == 0);
  pipe_signal_unwatch(loop, SIGUSR1);
  CHECK(pipe_signal_next(loop, &count) == 0);
  CHECK(sigaction(SIGUSR1, NULL, &now) == 0 && now.sa_handler == SIG_DFL);
  CHECK(pipe_signal_send(getpid(), 0) == PIPE_OK);
}

static void test_dialogue(pipe_loop* loop) {
  pipe_process* process = spawn(loop, "read x; echo out $x; echo err >&2; exit 7", 0);
  pipe_slice slice;
  const pipe_slice words[] = {{"wo", 2}, {"rd\n", 3}};
  pipe_exit status = {9, 9};
  double written = -1;
  CHECK(pipe_process_pid(process) > 0 && pipe_loop_children(loop) == 1);
  CHECK(pipe_try_wait(process, &status) == PIPE_RUNNING);
  CHECK(pipe_kill(process, 0) == PIPE_OK);
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_LINE, 0, &slice) == PIPE_AGAIN && slice.data == NULL);
  CHECK(pipe_start(process, PIPE_STDOUT, 0, 7) == PIPE_OK);
  CHECK(pipe_start(process, PIPE_STDOUT, 0, 8) == PIPE_BUSY);
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_LINE, 0, &slice) == PIPE_BUSY && slice.data == NULL);
  CHECK(pipe_write(process, words, 2, &written) == PIPE_OK && written == 5);
  CHECK(next_token(loop) == 7);
  CHECK(pipe_read_result(process, PIPE_STDOUT, &slice) == PIPE_OK && is(slice, "out word"));
  pipe_read_take(process, PIPE_STDOUT);

  int outcome = pipe_wait(process, &status); /* it may have exited already */
  if (outcome == PIPE_AGAIN) {
    CHECK(pipe_start(process, PIPE_EXIT, 0, 9) == PIPE_OK);
    CHECK(next_token(loop) == 9);
    outcome = pipe_wait_result(process, &status);
  }
  CHECK(outcome == PIPE_OK);
  CHECK(status.signaled == 0 && status.status == 7);
  CHECK(pipe_wait(process, &status) == PIPE_EXITED);
  CHECK(pipe_try_wait(process, &status) == PIPE_OK && status.status == 7);
  CHECK(pipe_kill(process, SIGTERM) == PIPE_EXITED);
  CHECK(pipe_loop_children(loop) == 0);

  CHECK(pipe_read(process, PIPE_STDERR, PIPE_READ_BYTES, 3, &slice) == PIPE_OK && is(slice, "err"));
  pipe_read_take(process, PIPE_STDERR);
  CHECK(pipe_read(process, PIPE_STDERR, PIPE_READ_ANY, 100, &slice) == PIPE_OK && is(slice, "\n"));
  pipe_read_take(process, PIPE_STDERR);
  CHECK(pipe_read(process, PIPE_STDERR, PIPE_READ_LINE, 0, &slice) == PIPE_CLOSED && is(slice, ""));
  pipe_read_take(process, PIPE_STDERR);
  CHECK(pipe_read(process, PIPE_STDERR, PIPE_READ_ALL, 0, &slice) == PIPE_OK && is(slice, ""));
  CHECK(pipe_write(process, words, 1, &written) == PIPE_CLOSED && written == 0);
  CHECK(pipe_shutdown(process, PIPE_STDOUT) == PIPE_CLOSED);
  pipe_process_free(process);
}

static void test_polls_and_buffered_bytes(pipe_loop* loop) {
  pipe_process* process = spawn(loop, "exec cat", 0);
  pipe_buffered* buffered = pipe_buffered_bytes(process, PIPE_STDOUT);
  pipe_slice slice;
  const pipe_slice lines = {"one\ntwo\nthree", 13};
  double written;
  CHECK(buffered != NULL && buffered->data == NULL && buffered->size == 0);
  CHECK(pipe_buffered_bytes(process, PIPE_STDERR) != buffered);
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_POLL, 100, &slice) == PIPE_AGAIN && slice.data == NULL);
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_LINE, 0, &slice) == PIPE_AGAIN); /* nothing was held */
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_POLL, 100, &slice) == PIPE_BUSY && slice.data == NULL);
  CHECK(pipe_start(process, PIPE_STDOUT, 0, 7) == PIPE_OK);
  CHECK(pipe_write(process, &lines, 1, &written) == PIPE_OK && written == 13);
  CHECK(next_token(loop) == 7);
  CHECK(buffered->data == NULL && buffered->size == 0);
  CHECK(pipe_read_result(process, PIPE_STDOUT, &slice) == PIPE_OK && is(slice, "one"));
  pipe_read_take(process, PIPE_STDOUT);
  CHECK(pipe_buffered_bytes(process, PIPE_STDOUT) == buffered);
  CHECK(buffered->size == 9 && buffered->loans == 1 && memcmp(buffered->data, "two\nthree", 9) == 0);
  buffered->data += 4, buffered->size -= 4; /* the host takes a line */
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_POLL, 3, &slice) == PIPE_OK && is(slice, "thr"));
  pipe_read_take(process, PIPE_STDOUT);
  CHECK(buffered->size == 2 && buffered->loans == 2 && memcmp(buffered->data, "ee", 2) == 0);
  pipe_process_close(process);
  CHECK(pipe_buffered_bytes(process, PIPE_STDOUT) == buffered && buffered->data == NULL && buffered->size == 0);
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_POLL, 1, &slice) == PIPE_CLOSED && slice.data == NULL);
  pipe_process_free(process);
  run_until_all_are_reaped(loop);
}

static void test_cancel_shutdown_and_close(pipe_loop* loop) {
  static char much[1 << 20];
  const pipe_slice slice_of_much = {much, sizeof much};
  pipe_process* process = spawn(loop, "exec sleep 1000000", 1);
  pipe_slice slice;
  pipe_exit status;
  double written;
  CHECK(pipe_read(process, PIPE_STDERR, PIPE_READ_ALL, 0, &slice) == PIPE_MERGED && slice.data == NULL);
  CHECK(pipe_buffered_bytes(process, PIPE_STDERR) == NULL);
  CHECK(pipe_shutdown(process, PIPE_STDERR) == PIPE_MERGED);
  CHECK(pipe_write(process, &slice_of_much, 1, &written) == PIPE_AGAIN && written > 0);
  CHECK(pipe_start(process, PIPE_STDIN, 1, 7) == PIPE_OK);
  CHECK(next_token(loop) == 7);
  CHECK(pipe_write_result(process, &written) == PIPE_TIMEOUT && written > 0 && written < (double)sizeof much);
  CHECK(pipe_write(process, &slice_of_much, 1, &written) == PIPE_AGAIN && written == 0);
  CHECK(pipe_start(process, PIPE_STDIN, 0, 8) == PIPE_OK);
  pipe_cancel(process, PIPE_STDIN);
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_BYTES, 5, &slice) == PIPE_AGAIN);
  CHECK(pipe_start(process, PIPE_STDOUT, 0, 9) == PIPE_OK);
  CHECK(pipe_shutdown(process, PIPE_STDOUT) == PIPE_OK && pipe_shutdown(process, PIPE_STDOUT) == PIPE_OK);
  CHECK(next_token(loop) == 9);
  CHECK(pipe_read_result(process, PIPE_STDOUT, &slice) == PIPE_ABORTED && is(slice, ""));
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_ALL, 0, &slice) == PIPE_CLOSED);
  CHECK(pipe_wait(process, &status) == PIPE_AGAIN);
  CHECK(pipe_start(process, PIPE_EXIT, 0, 10) == PIPE_OK);
  pipe_process_close(process);
  CHECK(next_token(loop) == 10);
  CHECK(pipe_wait_result(process, &status) == PIPE_ABORTED);
  CHECK(pipe_wait(process, &status) == PIPE_EXITED && pipe_kill(process, SIGTERM) == PIPE_EXITED);
  CHECK(pipe_process_pid(process) > 0);
  pipe_process_close(process);
  pipe_process_free(process);
  CHECK(pipe_loop_next(loop) == 0);
}

static void test_loop(void) {
  pipe_loop* loop = NULL;
  pipe_process* last = NULL;
  CHECK(pipe_loop_open(longest, &loop) == PIPE_OK && loop != NULL);
  CHECK(pipe_loop_alive(loop) == 1);
  CHECK(strcmp(pipe_loop_reaper(loop), "pidfd") == 0 || strcmp(pipe_loop_reaper(loop), "sigchld") == 0);
  CHECK(pipe_loop_fd(loop) > 2 && pipe_loop_fd(loop) == pipe_loop_fd(loop));
  pipe_loop_wake(loop);
  CHECK(pipe_loop_run(loop, 0) == 0 && pipe_loop_run(loop, 1) == 0);
  CHECK(pipe_loop_next(loop) == 0);
  test_bad_arguments(loop);
  test_bad_descriptors(loop);
  test_bad_options(loop);
  test_timer(loop);
  test_signals(loop);
  test_streams_that_are_no_pipes(loop);
  test_joint(loop);
  test_joint_of_a_file();
  test_one_token_for_all(loop);
  test_terminal_usage_and_exit_watch(loop);
  test_family(loop);
  test_dialogue(loop);
  test_polls_and_buffered_bytes(loop);
  test_cancel_shutdown_and_close(loop);
  last = spawn(loop, "exec sleep 1000000", 0);
  pipe_loop_close(loop);
  CHECK(pipe_kill(last, 0) == PIPE_OK); /* it keeps its loop alive */
  pipe_process_free(last);
}

static int open_descriptors(void) {
  int count = 0;
  DIR* directory = opendir("/proc/self/fd");
  while (readdir(directory) != NULL) ++count;
  closedir(directory);
  return count;
}

int main(void) {
  siginfo_t info;
  int before;
  test_errors();
  test_without_handles();
  test_more_without_handles();
  test_environment_and_files();
  test_accounts();
  test_loop();
  before = open_descriptors(); /* libuv keeps what its first loop has opened for the whole process */
  test_loop();
  CHECK(open_descriptors() == before);
  CHECK(waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == -1 && errno == ECHILD);
  if (failures > 0) return 1;
  printf("abi_test: every function of pipe.h answers as it says, from C, by good and by bad arguments\n");
  return 0;
}
