/* pipe.h by bad arguments, and without a handle: every function says so, and nothing happens. */
#define _XOPEN_SOURCE 700
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "abi_check.h"

static const size_t longest = (size_t)1 << 31;

void test_without_handles(void) {
  pipe_loop* loop = NULL;
  pipe_process* process = NULL;
  pipe_slice slice = {"x", 1};
  uint32_t count = 0;
  pipe_exit status;
  double written;
  const char* argv[] = {"true", NULL};
  pipe_spawn_options options = {.file = "true", .argv = argv, .buffer_size = 4096};

  CHECK(pipe_loop_open(longest, NULL) == -EINVAL);
  CHECK(pipe_loop_open(0, &loop) == -EINVAL && loop == NULL);
  pipe_loop_close(NULL);
  CHECK(pipe_loop_alive(NULL) == 0);
  for (int turn = -1; turn <= 3; ++turn) CHECK(pipe_loop_run(NULL, turn) == -EINVAL);
  CHECK(pipe_loop_next(NULL) == 0);
  CHECK(pipe_loop_fd(NULL) == -EINVAL);
  pipe_loop_wake(NULL);
  CHECK(pipe_loop_timeout(NULL) == -1);
  CHECK(pipe_loop_children(NULL) == 0);
  CHECK(strcmp(pipe_loop_reaper(NULL), "") == 0);
  CHECK(pipe_timer_start(NULL, 1, 1) == -EINVAL);
  pipe_timer_stop(NULL, 1);
  CHECK(pipe_signal_watch(NULL, SIGUSR1) == -EINVAL);
  pipe_signal_unwatch(NULL, SIGUSR1);
  CHECK(pipe_signal_start(NULL, 1) == -EINVAL);
  pipe_signal_cancel(NULL);
  CHECK(pipe_signal_next(NULL, &count) == 0 && count == 0);
  CHECK(pipe_spawn(NULL, &options, NULL, &process) == -EINVAL && process == NULL);
  CHECK(pipe_process_pid(NULL) == -1);
  pipe_process_close(NULL);
  pipe_process_free(NULL);
  CHECK(pipe_kill(NULL, SIGTERM) == -EINVAL);
  CHECK(pipe_shutdown(NULL, PIPE_STDIN) == -EINVAL);
  CHECK(pipe_read(NULL, PIPE_STDOUT, PIPE_READ_ALL, 0, &slice) == -EINVAL);
  CHECK(pipe_read_result(NULL, PIPE_STDOUT, &slice) == -EINVAL);
  pipe_read_take(NULL, PIPE_STDOUT);
  CHECK(pipe_buffered_bytes(NULL, PIPE_STDOUT) == NULL);
  CHECK(pipe_write(NULL, &slice, 1, &written) == -EINVAL);
  CHECK(pipe_write_result(NULL, &written) == -EINVAL);
  CHECK(pipe_wait(NULL, &status) == -EINVAL);
  CHECK(pipe_wait_result(NULL, &status) == -EINVAL);
  CHECK(pipe_try_wait(NULL, &status) == -EINVAL);
  CHECK(pipe_start(NULL, PIPE_EXIT, 0, 1) == -EINVAL);
  pipe_cancel(NULL, PIPE_EXIT);
}

void test_more_without_handles(void) {
  pipe_usage usage;
  pipe_account account = {0};
  unsigned gid;
  pipe_exit_watch* watch = NULL;
  pipe_family* family = NULL;
  pipe_joint* joint = NULL;
  CHECK(pipe_resize(NULL, 1, 1) == -EINVAL);
  CHECK(pipe_rusage(NULL, &usage) == -EINVAL);
  CHECK(pipe_exit_watch_start(NULL, 0, 1, &watch) == -EINVAL && watch == NULL);
  CHECK(pipe_exit_watch_result(NULL) == -EINVAL);
  pipe_exit_watch_free(NULL);
  CHECK(pipe_family_open(NULL, &family) == -EINVAL && family == NULL);
  CHECK(pipe_family_signal(NULL, 0) == -EINVAL);
  CHECK(pipe_family_living(NULL) == 0);
  pipe_family_free(NULL);
  CHECK(pipe_joint_open(0, NULL) == -EINVAL);
  CHECK(pipe_joint_end(NULL, 0) == -EINVAL && pipe_joint_end(NULL, 1) == -EINVAL);
  CHECK(pipe_joint_open_file("/dev/null", PIPE_ACCESS_READ, NULL) == -EINVAL);
  CHECK(pipe_joint_open_file(NULL, PIPE_ACCESS_READ, &joint) == -EINVAL && joint == NULL);
  CHECK(pipe_joint_open_file("/dev/null", PIPE_ACCESS_READ - 1, &joint) == -EINVAL && joint == NULL);
  CHECK(pipe_joint_open_file("/dev/null", PIPE_ACCESS_APPEND + 1, &joint) == -EINVAL && joint == NULL);
  pipe_joint_free(NULL);
  CHECK(pipe_file_descriptor(NULL) == -EINVAL);
  CHECK(pipe_user_find("root", NULL) == -EINVAL);
  account.group_count = 1;
  CHECK(pipe_user_find("root", &account) == -EINVAL); /* room in nothing */
  CHECK(pipe_group_find(NULL, &gid) == -EINVAL && pipe_group_find("root", NULL) == -EINVAL);
}

void test_bad_arguments(pipe_loop* loop) {
  pipe_slice slice;
  pipe_exit status;
  double written;
  pipe_process* process = NULL;
  const char* argv[] = {"true", NULL};
  const pipe_spawn_options good = {.file = "true", .argv = argv, .buffer_size = 4096};
  pipe_spawn_options bad;

  CHECK(pipe_loop_run(loop, -1) == -EINVAL && pipe_loop_run(loop, 3) == -EINVAL);
  CHECK(pipe_timer_start(loop, -1, 1) == -EINVAL);
  CHECK(pipe_timer_start(loop, (double)NAN, 1) == -EINVAL);
  CHECK(pipe_timer_start(loop, 1, 0) == -EINVAL);
  const int no_signals[] = {-1, 0, SIGKILL, SIGSTOP, SIGSEGV, 32, 65, 1000000};
  for (int i = 0; i < 8; ++i) {
    CHECK(pipe_signal_catchable(no_signals[i]) == 0 && pipe_signal_watch(loop, no_signals[i]) == -EINVAL);
    pipe_signal_unwatch(loop, no_signals[i]);
  }
  pipe_signal_unwatch(loop, SIGUSR1); /* not watched */
  CHECK(pipe_signal_start(loop, 0) == -EINVAL);
  CHECK(pipe_signal_next(loop, NULL) == 0);
  CHECK(pipe_signal_send(getpid(), -1) == -EINVAL && pipe_signal_send(getpid(), 65) == -EINVAL);
  CHECK(pipe_spawn(loop, NULL, NULL, &process) == -EINVAL);
  CHECK(pipe_spawn(loop, &good, NULL, NULL) == -EINVAL);
  bad = good, bad.file = NULL;
  CHECK(pipe_spawn(loop, &bad, NULL, &process) == -EINVAL);
  bad = good, bad.argv = NULL;
  CHECK(pipe_spawn(loop, &bad, NULL, &process) == -EINVAL);
  bad = good, bad.buffer_size = 0;
  CHECK(pipe_spawn(loop, &bad, NULL, &process) == -EINVAL);
  bad = good, bad.file = "/no/such/program";
  CHECK(pipe_spawn(loop, &bad, NULL, &process) == -ENOENT);
  CHECK(process == NULL && pipe_loop_children(loop) == 0);

  process = spawn(loop, "cat", 0);
  for (int mode = -1; mode <= 6; mode += 7) CHECK(pipe_read(process, PIPE_STDOUT, mode, 1, &slice) == -EINVAL);
  for (int mode = PIPE_READ_ANY; mode <= PIPE_READ_POLL; ++mode) {
    CHECK(pipe_read(process, PIPE_STDOUT, mode, 0, &slice) == -EINVAL && slice.data == NULL);
  }
  CHECK(pipe_read(process, PIPE_STDOUT, PIPE_READ_ALL, 0, NULL) == -EINVAL);
  CHECK(pipe_read_result(process, PIPE_STDOUT, NULL) == -EINVAL);
  CHECK(pipe_read_result(process, PIPE_STDOUT, &slice) == -EINVAL); /* none was started */
  const int no_outputs[] = {-1, PIPE_STDIN, PIPE_EXIT, 4};
  for (int i = 0; i < 4; ++i) {
    CHECK(pipe_read(process, no_outputs[i], PIPE_READ_ALL, 0, &slice) == -EINVAL);
    CHECK(pipe_read_result(process, no_outputs[i], &slice) == -EINVAL);
    pipe_read_take(process, no_outputs[i]);
    CHECK(pipe_buffered_bytes(process, no_outputs[i]) == NULL);
    CHECK(pipe_start_beside_exit(process, no_outputs[i]) == -EINVAL);
  }
  CHECK(pipe_write(process, NULL, 1, &written) == -EINVAL);
  CHECK(pipe_write(process, NULL, 0, &written) == PIPE_OK && written == 0);
  CHECK(pipe_write(process, NULL, 0, NULL) == -EINVAL);
  CHECK(pipe_write_result(process, NULL) == -EINVAL);
  CHECK(pipe_write_result(process, &written) == -EINVAL);
  CHECK(pipe_wait(process, NULL) == -EINVAL);
  CHECK(pipe_wait_result(process, NULL) == -EINVAL);
  CHECK(pipe_try_wait(process, NULL) == -EINVAL);
  CHECK(pipe_shutdown(process, PIPE_EXIT) == -EINVAL && pipe_shutdown(process, -1) == -EINVAL);
  CHECK(pipe_start(process, -1, 0, 1) == -EINVAL && pipe_start(process, 4, 0, 1) == -EINVAL);
  CHECK(pipe_wait(process, &status) == PIPE_AGAIN && pipe_start(process, PIPE_EXIT, 0, 0) == -EINVAL);
  for (int channel = PIPE_STDIN; channel <= PIPE_EXIT; ++channel) {
    CHECK(pipe_start(process, channel, 0, 1) == -EINVAL); /* nobody has tried */
  }
  pipe_cancel(process, -1);
  pipe_cancel(process, 4);
  CHECK(pipe_kill(process, -1) == PIPE_INVALID_SIGNAL && pipe_kill(process, 10000) == PIPE_INVALID_SIGNAL);
  pipe_process_free(process);
  run_until_all_are_reaped(loop);
}

static int spawn_status(pipe_loop* loop, const pipe_spawn_options* options, pipe_failure* failure) {
  pipe_process* process = NULL;
  const int status = pipe_spawn(loop, options, failure, &process);
  CHECK((status == PIPE_OK) == (process != NULL));
  pipe_process_free(process);
  run_until_all_are_reaped(loop);
  return status;
}

/* With one of the descriptors changed. */
static int status_with(pipe_loop* loop, const pipe_spawn_options* options, size_t index, pipe_descriptor changed) {
  pipe_descriptor descriptors[8];
  pipe_spawn_options with = *options;
  memcpy(descriptors, options->descriptors, options->descriptor_count * sizeof *descriptors);
  descriptors[index] = changed;
  with.descriptors = descriptors;
  return spawn_status(loop, &with, NULL);
}

void test_bad_descriptors(pipe_loop* loop) {
  const char* argv[] = {"true", NULL};
  const pipe_descriptor four[] = {{.number = 0, .source = PIPE_SOURCE_PIPE},
                                  {.number = 1, .source = PIPE_SOURCE_NULL},
                                  {.number = 2, .source = PIPE_SOURCE_STDOUT},
                                  {.number = 5, .source = PIPE_SOURCE_FILE, .path = "/dev/null"}};
  const pipe_spawn_options good = {
      .file = "true", .argv = argv, .buffer_size = 1, .descriptors = four, .descriptor_count = 4};
  pipe_spawn_options fewer = good;
  CHECK(spawn_status(loop, &good, NULL) == PIPE_OK);
  fewer.descriptor_count = 3;
  CHECK(spawn_status(loop, &fewer, NULL) == PIPE_OK);
  for (fewer.descriptor_count = 0; fewer.descriptor_count < 3; ++fewer.descriptor_count) {
    CHECK(spawn_status(loop, &fewer, NULL) == -EINVAL);
  }
  const pipe_descriptor bad_second[] = {{.number = -1, .source = PIPE_SOURCE_NULL},
                                        {.number = 0, .source = PIPE_SOURCE_NULL},
                                        {.number = 2, .source = PIPE_SOURCE_NULL},
                                        {.number = 1, .source = -1},
                                        {.number = 1, .source = PIPE_SOURCE_STDOUT},
                                        {.number = 1, .source = PIPE_SOURCE_STDOUT + 1},
                                        {.number = 1, .source = PIPE_SOURCE_FILE},
                                        {.number = 1, .source = PIPE_SOURCE_FILE, .path = "/dev/null", .access = -1},
                                        {.number = 1, .source = PIPE_SOURCE_FILE, .path = "/dev/null", .access = 3}};
  for (size_t i = 0; i < sizeof bad_second / sizeof *bad_second; ++i) {
    CHECK(status_with(loop, &good, 1, bad_second[i]) == -EINVAL);
  }
  const pipe_descriptor bad_fourth[] = {{.number = 2, .source = PIPE_SOURCE_NULL},
                                        {.number = 0, .source = PIPE_SOURCE_NULL},
                                        {.number = 5, .source = PIPE_SOURCE_PIPE},
                                        {.number = 5, .source = PIPE_SOURCE_STDOUT}};
  for (size_t i = 0; i < sizeof bad_fourth / sizeof *bad_fourth; ++i) {
    CHECK(status_with(loop, &good, 3, bad_fourth[i]) == -EINVAL);
  }
  CHECK(status_with(loop, &good, 0, (pipe_descriptor){.number = 1, .source = PIPE_SOURCE_NULL}) == -EINVAL);
  CHECK(status_with(loop, &good, 0, (pipe_descriptor){.number = 0, .source = PIPE_SOURCE_STDOUT}) == -EINVAL);
  CHECK(status_with(loop, &good, 2, (pipe_descriptor){.number = 3, .source = PIPE_SOURCE_NULL}) == -EINVAL);
  CHECK(status_with(loop, &good, 3, (pipe_descriptor){.number = 3, .source = PIPE_SOURCE_FD, .fd = -1}) == -EBADF);
}

void test_bad_options(pipe_loop* loop) {
  const char* argv[] = {"true", NULL};
  const pipe_spawn_options good = {.file = "true", .argv = argv, .buffer_size = 1};
  pipe_spawn_options bad;
  pipe_failure failure = {-1, -1};
  bad = good, bad.limit_count = 1;
  CHECK(spawn_status(loop, &bad, NULL) == -EINVAL);
  bad = good, bad.flags = PIPE_SPAWN_GROUPS, bad.group_count = 1;
  CHECK(spawn_status(loop, &bad, NULL) == -EINVAL);
  bad = good, bad.flags = PIPE_SPAWN_AFFINITY;
  CHECK(spawn_status(loop, &bad, NULL) == -EINVAL);
  bad = good, bad.group_count = 1; /* read only where its flag is set */
  CHECK(spawn_status(loop, &bad, NULL) == PIPE_OK);
  bad = good, bad.cwd = "/no/such/folder";
  CHECK(spawn_status(loop, &bad, &failure) == -ENOENT && failure.step == PIPE_STEP_DIRECTORY && failure.index == 0);
  bad = good, bad.file = "/no/such/program";
  CHECK(spawn_status(loop, &bad, &failure) == -ENOENT && failure.step == PIPE_STEP_PROGRAM);
}
