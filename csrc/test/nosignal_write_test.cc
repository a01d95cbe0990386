#include "nosignal_write.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/syscall.h>

#include <cerrno>
#include <csignal>
#include <string>
#include <uv.h>

#include "descriptors.h"
#include "forked.h"
#include "sandbox.h"
#include "unique_fd.h"

namespace pipe_core {
namespace {

struct Pipe {
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0) std::abort();
    read_end.reset(ends[0]);
    write_end.reset(ends[1]);
  }
  UniqueFd read_end;
  UniqueFd write_end;
};

using Write = ssize_t (*)(int fd, const iovec* vectors, int count);
struct Way {
  const char* name;
  Write write;
};

ssize_t write_string(Write write, int fd, std::string text) {
  const iovec vector = {text.data(), text.size()};
  return write(fd, &vector, 1);
}

volatile sig_atomic_t sigpipes = 0;
void count_sigpipe(int) { sigpipes = sigpipes + 1; }

bool sigpipe_is_pending() {
  sigset_t pending;
  ::sigpending(&pending);
  return ::sigismember(&pending, SIGPIPE) == 1;
}

void block_sigpipe(int how) {
  sigset_t sigpipe;
  ::sigemptyset(&sigpipe);
  ::sigaddset(&sigpipe, SIGPIPE);
  ::pthread_sigmask(how, &sigpipe, nullptr);
}

bool sigpipe_is_blocked() {
  sigset_t blocked;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &blocked);
  return ::sigismember(&blocked, SIGPIPE) == 1;
}

class NosignalWrite : public testing::TestWithParam<Way> {
 protected:
  void SetUp() override {
    sigpipes = 0;
    ::signal(SIGPIPE, count_sigpipe);
    const Pipe probe;
    if (write_string(GetParam().write, probe.write_end.get(), "x") == UV_ENOTSUP) {
      GTEST_SKIP() << "this kernel has no RWF_NOSIGNAL";
    }
  }
  void TearDown() override { ::signal(SIGPIPE, SIG_DFL); }
  ssize_t write(const std::string& text) { return write_string(GetParam().write, pipe_.write_end.get(), text); }

  Pipe pipe_;
};

TEST_P(NosignalWrite, WritesAllVectorsInTheirOrder) {
  char one[] = "one";
  char two[] = "two";
  const iovec vectors[] = {{one, 3}, {nullptr, 0}, {two, 3}};
  EXPECT_EQ(GetParam().write(pipe_.write_end.get(), vectors, 3), 6);
  char read[8] = {};
  EXPECT_EQ(::read(pipe_.read_end.get(), read, sizeof read), 6);
  EXPECT_STREQ(read, "onetwo");
}

TEST_P(NosignalWrite, SaysEagainOfAFullPipe) {
  while (write(std::string(4096, 'x')) == 4096) {
  }
  EXPECT_EQ(write("x"), -EAGAIN);
}

TEST_P(NosignalWrite, SaysEpipeOfADeadReaderWithoutASignal) {
  pipe_.read_end.reset();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(write("x"), -EPIPE);
  EXPECT_EQ(sigpipes, 0);
  EXPECT_FALSE(sigpipe_is_pending());
  EXPECT_FALSE(sigpipe_is_blocked());
}

TEST_P(NosignalWrite, DoesNotKillAHostWhoseSigpipeIsAtItsDefault) {
  pipe_.read_end.reset();
  in_forked_process([this] {
    ::signal(SIGPIPE, SIG_DFL);
    EXPECT_EQ(write("x"), -EPIPE);
    EXPECT_EQ(::signal(SIGPIPE, SIG_IGN), SIG_DFL);
    EXPECT_EQ(write("x"), -EPIPE);
    EXPECT_EQ(::signal(SIGPIPE, SIG_DFL), SIG_IGN);
  });
}

TEST_P(NosignalWrite, LeavesASigpipeOfTheHostsOwnPending) {
  pipe_.read_end.reset();
  block_sigpipe(SIG_BLOCK);
  ::raise(SIGPIPE);
  EXPECT_EQ(write("x"), -EPIPE);
  EXPECT_TRUE(sigpipe_is_pending());
  EXPECT_TRUE(sigpipe_is_blocked());
  EXPECT_EQ(sigpipes, 0);
  block_sigpipe(SIG_UNBLOCK);
  EXPECT_EQ(sigpipes, 1);
}

TEST_P(NosignalWrite, LeavesABlockedSigpipeBlockedAndNonePending) {
  pipe_.read_end.reset();
  block_sigpipe(SIG_BLOCK);
  EXPECT_EQ(write("x"), -EPIPE);
  EXPECT_FALSE(sigpipe_is_pending());
  EXPECT_TRUE(sigpipe_is_blocked());
  block_sigpipe(SIG_UNBLOCK);
  EXPECT_EQ(sigpipes, 0);
}

TEST_P(NosignalWrite, SaysOtherErrorsAsTheyAre) {
  EXPECT_EQ(write_string(GetParam().write, -1, "x"), -EBADF);
  EXPECT_EQ(write_string(GetParam().write, pipe_.read_end.get(), "x"), -EBADF);
}

INSTANTIATE_TEST_SUITE_P(By, NosignalWrite,
                         testing::Values(Way{"Flag", write_with_nosignal_flag},
                                         Way{"BlockedSignal", write_with_sigpipe_blocked},
                                         Way{"Choice", nosignal_write}),
                         [](const auto& each) { return std::string(each.param.name); });

TEST(NosignalWriteChoice, FallsBackWhereTheKernelOrASandboxRefusesTheFlag) {
  for (const int error : {ENOSYS, EOPNOTSUPP, EINVAL, EPERM}) {
    in_forked_process([error] {
      refuse_system_call(SYS_pwritev2, error);
      Pipe pipe;
      EXPECT_EQ(write_string(write_with_nosignal_flag, pipe.write_end.get(), "x"), UV_ENOTSUP);
      EXPECT_EQ(write_string(nosignal_write, pipe.write_end.get(), "x"), 1);
      pipe.read_end.reset();
      EXPECT_EQ(write_string(nosignal_write, pipe.write_end.get(), "x"), -EPIPE);
    });
  }
}

TEST(NosignalWriteChoice, WritesNothingWhereSigpipeCannotBeBlocked) {
  in_forked_process([] {
    const Pipe pipe;
    refuse_system_call(SYS_rt_sigprocmask, EPERM);
    EXPECT_EQ(write_string(write_with_sigpipe_blocked, pipe.write_end.get(), "x"), -EPERM);
    char byte;
    EXPECT_EQ(::read(pipe.read_end.get(), &byte, 1), -1);
  });
}

}  // namespace
}  // namespace pipe_core
