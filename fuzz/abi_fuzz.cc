// Random calls of pipe.h on random handles: none crashes, each answers what pipe.h says, each token comes out once, the
// bytes of a child come whole and in order, and in the end nothing is left behind.
#include <csignal>
#include <sys/prctl.h>

#include "abi_calls.h"
#include "fuzz_target.h"
#include "leftovers.h"

namespace {

// The corpus knows calls by their numbers: what is new goes to the end.
std::vector<Call> all_calls() {
  std::vector<Call> all;
  for (const auto& some : {loop_calls(), spawn_calls(), process_calls(), stream_calls(), exit_calls(), family_calls(),
                           plain_calls(), fork_calls(), beside_calls(), signal_calls(), file_calls()}) {
    all.insert(all.end(), some.begin(), some.end());
  }
  return all;
}

constexpr size_t kNumbers = 64;  // of calls, of those to come too

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // Orphans of our children come to us, to be killed.
  MUST(::prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
  // Once, so that they have libc's own flags whenever they are restored.
  for (const int signum : {SIGCHLD, SIGWINCH, SIGURG, SIGRTMIN}) MUST(::signal(signum, SIG_DFL) != SIG_ERR);
  // libuv opens a pipe for the whole process with its first loop, and keeps it; libc loads what finds users.
  pipe_loop* first = nullptr;
  MUST(pipe_loop_open(1, &first) == PIPE_OK);
  pipe_loop_close(first);
  unsigned gid;
  MUST(pipe_group_find("root", &gid) == PIPE_OK);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<Call> calls = all_calls();
  constexpr int kMostCalls = 100;
  Input input(data, size);
  const Leftovers before;
  Host host;
  const size_t order = input.byte();
  // Where there is no loop and no child, nothing much happens.
  if (!input.once_in(8)) {
    for (const auto& first : {loop_calls().front(), spawn_calls().front()}) first.make(host, input);
  }
  for (int made = 0; made < kMostCalls && !input.ended(); ++made) {
    const size_t number = input.below(kNumbers);
    if (number < calls.size()) calls[number].make(host, input);
    host.check();
  }
  host.free_all(order);
  before.check(host.left_alive, host.has_grandchildren);
  return 0;
}
