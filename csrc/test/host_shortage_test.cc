// A host that is out of memory for a moment: what cannot be done is told or done later, and works when there is some.
#include <gtest/gtest.h>

#include <cerrno>
#include <memory>

#include "allocations.h"
#include "forked.h"
#include "worlds.h"

namespace pipe_core {
namespace {

class HostShortage : public InEachWorld {};

TEST_P(HostShortage, AtAWaitIsToldAndLeavesTheProcessFreeForTheNext) {
  constexpr uint32_t kToken = 7;
  const auto process = spawn({"cat"});
  pipe_exit exit;
  ASSERT_EQ(process->wait(&exit), PIPE_AGAIN);
  int status;
  {
    const Allocations none(0);
    status = process->channel(PIPE_EXIT)->start(kToken, 0);
  }
  if (status == 0) {  // a pidfd wants no memory
    EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
    EXPECT_EQ(loop_->next_token(), kToken);
    EXPECT_EQ(process->wait_result(&exit), PIPE_OK);
  } else {
    EXPECT_EQ(status, -ENOMEM);
    EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
    EXPECT_EQ(wait(*process, &exit), PIPE_OK);
  }
  EXPECT_EQ(exit, (pipe_exit{0, 0}));
}

TEST_P(HostShortage, WhenAChildsHandleIsDroppedLeavesNoZombie) {
  ASSERT_GT(loop().foreign_fd(), 2);
  auto process = spawn({"cat"});
  {
    const Allocations none(0);
    process.reset();
  }
  while (loop().children() > 0) {
    loop().run(false);
    if (loop().children() > 0) {
      ASSERT_TRUE(becomes_readable(loop().foreign_fd()));
    }
  }
}

TEST_P(HostShortage, LetsItForkForTheFirstTime) {
  int status;
  {
    const Allocations none(0);
    status = status_of_forked([] {});
  }
  EXPECT_EQ(status, 0);
}

INSTANTIATE_TEST_SUITE_P(In, HostShortage, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
