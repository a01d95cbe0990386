// Makes the kernel answer as an older one, or a sandbox, would. Call it in a forked test process: there is no way back.
#ifndef SANDBOX_H_
#define SANDBOX_H_

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstddef>
#include <optional>

namespace pipe_core {

// `first`: only where this is the first argument.
inline void refuse_system_call(long number, int error = ENOSYS, std::optional<unsigned> first = {}) {
  constexpr unsigned kAtLeast = BPF_JMP | BPF_JGE | BPF_K;  // 0: any
  constexpr unsigned kEqual = BPF_JMP | BPF_JEQ | BPF_K;
  sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(kEqual, static_cast<unsigned>(number), 0, 3),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args)),
      BPF_JUMP(first ? kEqual : kAtLeast, first.value_or(0), 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<unsigned>(error)),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  const sock_fprog filter = {sizeof program / sizeof *program, program};
  ASSERT_EQ(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
  ASSERT_EQ(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter), 0);
}

}  // namespace pipe_core

#endif
