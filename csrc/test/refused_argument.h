// As sandbox.h, for calls with a given argument only: one request of ioctl(2), one flag of clone(2).
#ifndef REFUSED_ARGUMENT_H_
#define REFUSED_ARGUMENT_H_

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cstddef>

namespace pipe_core {

// `test`: BPF_JEQ, the argument is `value`; BPF_JSET, it has bits of it. Of the argument's low half.
inline void refuse_argument(long number, size_t index, unsigned value, int error, unsigned test = BPF_JEQ) {
  const auto at = static_cast<unsigned>(offsetof(seccomp_data, args) + index * sizeof(__u64));
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<unsigned>(number), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at),
      {static_cast<__u16>(BPF_JMP | test | BPF_K), 0, 1, value},
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {sizeof program / sizeof *program, program};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

}  // namespace pipe_core

#endif
