// The system calls that the library makes without libc, in the host and in the child between clone and exec. seccomp
// reports them, and no others: those whose instruction is within the library's code. A thread of the host answers,
// since the caller may be a child whose host stands still.
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "plan.h"

namespace faults {
namespace {

int notifications = -1;

struct Call {
  long number;
  const char* name;
};

#define CALL(name) \
  { SYS_##name, #name }
constexpr Call kCalls[] = {CALL(chdir),        CALL(clone),          CALL(close),
                           CALL(close_range),  CALL(dup3),           CALL(execve),
                           CALL(exit_group),   CALL(fcntl),          CALL(getdents64),
                           CALL(getpid),       CALL(getppid),        CALL(gettid),
                           CALL(ioctl),        CALL(kill),           CALL(lseek),
                           CALL(openat),       CALL(pidfd_open),     CALL(pidfd_send_signal),
                           CALL(prctl),        CALL(prlimit64),      CALL(pwritev2),
                           CALL(rt_sigaction), CALL(rt_sigprocmask), CALL(sched_setaffinity),
                           CALL(setgroups),    CALL(setpgid),        CALL(setpriority),
                           CALL(setresgid),    CALL(setresuid),      CALL(setsid),
                           CALL(tgkill),       CALL(umask),          CALL(waitid),
                           CALL(write)};

void answer(const seccomp_notif& call) {
  char name[32];
  name_call(call.data.nr, name, sizeof name);
  const int error = fails(name, reinterpret_cast<const void*>(call.data.instruction_pointer));
  seccomp_notif_resp response = {};
  response.id = call.id;
  if (error != 0 && !works_in_any_case(call.data.nr)) {
    response.error = -error;
  } else {
    response.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  }
  ::ioctl(notifications, SECCOMP_IOCTL_NOTIF_SEND, &response);  // ENOENT: whoever called has been killed
}

void* answer_all(void*) {
  for (;;) {
    seccomp_notif call = {};
    if (::ioctl(notifications, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0) {
      answer(call);
    } else if (errno != EINTR && errno != ENOENT) {
      return nullptr;
    }
  }
}

[[noreturn]] void give_up(const char* what) {
  std::perror(what);
  _exit(99);
}

constexpr uint32_t offset_of_pointer(size_t half) {
  constexpr bool kLittleEndian = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__;
  static_assert(kLittleEndian);
  return offsetof(seccomp_data, instruction_pointer) + static_cast<uint32_t>(half * sizeof(uint32_t));
}

int install_filter() {
  const auto begin = reinterpret_cast<uint64_t>(core().begin);
  const auto size = static_cast<uint32_t>(core().size);
  const auto high = static_cast<uint32_t>(begin >> 32);
  const auto last_high = static_cast<uint32_t>((begin + size) >> 32);
  // The lower half less the range's begin, modulo 2^32, is below its size; the upper half is the begin's or the end's.
  sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of_pointer(0)),
      BPF_STMT(BPF_ALU | BPF_SUB | BPF_K, static_cast<uint32_t>(begin)),
      BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, size, 3, 0),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset_of_pointer(1)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, high, 2, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, last_high, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
  };
  const sock_fprog program = {static_cast<unsigned short>(std::size(rules)), rules};
  constexpr unsigned long kFlags = SECCOMP_FILTER_FLAG_NEW_LISTENER;
  // Linux 5.19: a signal that comes while we are asked does not make the caller ask again, which would count twice.
  constexpr unsigned long kOnlyKilled = 1UL << 5;  // SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
  for (const unsigned long flags : {kFlags | kOnlyKilled, kFlags}) {
    const long fd = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
    if (fd >= 0) return static_cast<int>(fd);
  }
  return -1;
}

}  // namespace

void name_call(long number, char* name, size_t size) {
  std::snprintf(name, size, "syscall-%ld", number);
  for (const Call& known : kCalls) {
    if (known.number == number) std::snprintf(name, size, "%s", known.name);
  }
}

bool works_in_any_case(long number) { return number == SYS_close; }

int listener() { return notifications; }

void watch_raw_calls() {
  if ((notifications = install_filter()) < 0) {
    // Without root's rights the kernel wants a promise.
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || (notifications = install_filter()) < 0) give_up("seccomp");
  }
  // Out of the way: a host that has closed its stdin or stderr wants to see who takes that number.
  constexpr int kFarUp = 100;
  const int far_up = ::fcntl(notifications, F_DUPFD_CLOEXEC, kFarUp);
  if (far_up < 0) give_up("fcntl");
  ::close(notifications);
  notifications = far_up;
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);  // the host's signals are not for this thread
  pthread_t thread;
  if (::pthread_create(&thread, nullptr, answer_all, nullptr) != 0) give_up("pthread_create");
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace faults
