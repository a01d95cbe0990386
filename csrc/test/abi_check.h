/* What the files of abi_test share: checks that go on after a failure, a child, and waiting for what ends. */
#ifndef ABI_CHECK_H_
#define ABI_CHECK_H_

#include <stdio.h>

#include "pipe.h"

extern int failures;

#define CHECK(condition)                                                        \
  do {                                                                          \
    if (!(condition)) {                                                         \
      fprintf(stderr, "%s:%d: %s is not so\n", __FILE__, __LINE__, #condition); \
      ++failures;                                                               \
    }                                                                           \
  } while (0)

uint32_t next_token(pipe_loop* loop);
void run_until_all_are_reaped(pipe_loop* loop);
pipe_process* spawn(pipe_loop* loop, const char* script, int merge_stderr);

void test_without_handles(void);
void test_more_without_handles(void);
void test_bad_arguments(pipe_loop* loop);
void test_bad_descriptors(pipe_loop* loop);
void test_bad_options(pipe_loop* loop);

#endif
