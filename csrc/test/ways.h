// The ways in which a child can come to life, and a fixture with a spawner for each; and what of a child can be seen
// from outside, while it stands still.
#ifndef WAYS_H_
#define WAYS_H_

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "descriptors.h"
#include "forked.h"
#include "sandbox.h"
#include "spawner.h"
#include "started_child.h"

namespace pipe_core {

struct Way {
  const char* name;
  bool shares_memory;
  bool has_close_range;
  bool has_pidfds;
};
inline void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

inline auto ways() {
  return testing::Values(Way{"SharedMemory", true, true, true}, Way{"SharedMemoryByPid", true, true, false},
                         Way{"SharedMemoryWithoutCloseRange", true, false, true}, Way{"OwnMemory", false, true, true},
                         Way{"OwnMemoryByPid", false, true, false},
                         Way{"OwnMemoryWithoutCloseRange", false, false, true});
}
inline std::string way_name(const testing::TestParamInfo<Way>& each) { return each.param.name; }

// A shell that has got beyond its loader, where it stops itself until it is killed.
inline Command stopping() { return Command::shell("kill -STOP $$; exit 0"); }
inline void await_stop(pid_t pid) {
  siginfo_t info = {};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WEXITED | WNOWAIT), 0);
  ASSERT_EQ(info.si_code, CLD_STOPPED);
}

// A line of /proc/<process>/status, without its key.
inline std::string status_of(const std::string& process, const std::string& key) {
  std::ifstream status("/proc/" + process + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.compare(0, key.size() + 1, key + ":") != 0) continue;
    std::istringstream words(line.substr(key.size() + 1));
    std::string value;
    for (std::string word; words >> word;) value += (value.empty() ? "" : " ") + word;
    return value;
  }
  return "no such process, or no such key";
}

class InEachWay : public testing::TestWithParam<Way> {
 protected:
  // In a forked process, for there is no way out of a sandbox.
  template <class Body>
  static void with_spawner(Body body) {
    in_forked_process([&] {
      ::setenv("PIPE_SPAWN", GetParam().shares_memory ? "" : "fork", 1);
      if (!GetParam().has_close_range) refuse_system_call(SYS_close_range);
      const UniqueFd placeholder(::eventfd(0, EFD_CLOEXEC));
      const auto before = open_descriptors();
      {
        Spawner spawner;
        ASSERT_EQ(spawner.open(placeholder.get()), 0);
        body(spawner);
      }
      EXPECT_EQ(open_descriptors(), before);
      EXPECT_FALSE(has_children());
    });
  }
  static int start(StartedChild& started, Spawner& spawner, Command& command) {
    return started.start(spawner, command, GetParam().has_pidfds);
  }
  static int start(StartedChild& started, Spawner& spawner, Command&& command) {
    return start(started, spawner, command);
  }
  // Starts stopping(), shows it, and kills it.
  template <class Look>
  static void look_at(Spawner& spawner, Command& command, Look look) {
    StartedChild started;
    ASSERT_EQ(start(started, spawner, command), 0) << "at step " << started.failure.step;
    await_stop(started.child->pid());
    look(started);
    ::kill(started.child->pid(), SIGKILL);
    started.end();
  }
  static std::string output(Spawner& spawner, Command& command) {
    StartedChild started;
    EXPECT_EQ(start(started, spawner, command), 0) << "at step " << started.failure.step;
    if (!started.child) return "";
    started.pipes.parent_ends[PIPE_STDIN].reset();
    const std::string output = started.read(PIPE_STDOUT);
    started.end();
    return output;
  }
};

// For good: in a forked test process only.
inline void become_nobody() {
  constexpr unsigned kNobody = 65534;
  ASSERT_EQ(::setgroups(0, nullptr), 0);
  ASSERT_EQ(::setresgid(kNobody, kNobody, kNobody), 0);
  ASSERT_EQ(::setresuid(kNobody, kNobody, kNobody), 0);
}
constexpr const char* kNeedsRoot = "only root may change who somebody is";

}  // namespace pipe_core

#endif
