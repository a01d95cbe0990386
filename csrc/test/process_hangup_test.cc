// The bytes of a grandchild that come, and whose pipe is closed, while poll(2) looks: the kernel looks for bytes first
// and for the hang-up second, a moment that no test can meet. Here poll(2) itself makes it.
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"
#include "worlds.h"

namespace {
int looks_that_miss_bytes = 0;
}

// In place of libc's, for what is linked into this program.
extern "C" int poll(pollfd* entries, nfds_t count, int timeout_ms) {
  timespec timeout = {timeout_ms / 1000, timeout_ms % 1000 * 1000000L};
  const long found = ::syscall(SYS_ppoll, entries, count, timeout_ms < 0 ? nullptr : &timeout, nullptr, 0);
  if (found > 0 && count > 1 && looks_that_miss_bytes > 0) {
    --looks_that_miss_bytes;
    for (nfds_t i = 0; i < count; ++i) {
      if ((entries[i].revents & POLLHUP) != 0) entries[i].revents &= static_cast<short>(~POLLIN);
    }
  }
  return static_cast<int>(found);
}

namespace pipe_core {
namespace {

class ProcessHangUpTest : public InEachWorld {};

TEST_P(ProcessHangUpTest, DoesNotHideBytesThatComeWhileItIsLookedFor) {
  const auto process = spawn(Command::shell("echo out; echo err >&2"));
  await_death(process->pid());
  looks_that_miss_bytes = 1;
  pipe_exit exit;
  EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  EXPECT_EQ(looks_that_miss_bytes, 0);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "out\n"}));
  EXPECT_EQ(pipe_core::read_all(*loop_, process->output(PIPE_STDERR)), (Told{PIPE_OK, "err\n"}));
}

INSTANTIATE_TEST_SUITE_P(In, ProcessHangUpTest, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
