// The ways in which a loop can work, chosen by the environment as its users choose them; and a fixture with a loop and
// its children in each.
#ifndef WORLDS_H_
#define WORLDS_H_

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <memory>
#include <string>

#include "command.h"
#include "process.h"
#include "running_loop.h"

namespace pipe_core {

struct World {
  const char* name;
  const char* reaper;
  const char* spawn;

  void enter() const {
    ::setenv("PIPE_REAPER", reaper, 1);
    ::setenv("PIPE_SPAWN", spawn, 1);
  }
};
inline void PrintTo(const World& world, std::ostream* out) { *out << world.name; }

inline auto worlds() {
  return testing::Values(World{"Pidfd", "", ""}, World{"Sigchld", "sigchld", ""}, World{"PidfdFork", "", "fork"},
                         World{"SigchldFork", "sigchld", "fork"});
}
inline std::string world_name(const testing::TestParamInfo<World>& each) { return each.param.name; }

class InEachWorld : public testing::TestWithParam<World> {
 protected:
  InEachWorld() {
    GetParam().enter();
    loop_ = std::make_unique<RunningLoop>();
  }

  static std::unique_ptr<Process> spawn(RunningLoop& loop, const Command& command) {
    pipe_failure failure;
    Process* process = nullptr;
    EXPECT_EQ(Process::spawn(*loop, command.options, &failure, &process), 0);
    return std::unique_ptr<Process>(process);
  }
  std::unique_ptr<Process> spawn(const Command& command) { return spawn(*loop_, command); }

  int wait(Process& process, pipe_exit* exit) {
    constexpr uint32_t kToken = 1003;
    const int outcome = process.wait(exit);
    if (outcome != PIPE_AGAIN) return outcome;
    EXPECT_EQ(process.channel(PIPE_EXIT)->start(kToken, 0), 0);
    EXPECT_EQ(loop_->next_token(), kToken);
    return process.wait_result(exit);
  }
  Told read_all(Process& process) { return pipe_core::read_all(*loop_, process.output(PIPE_STDOUT)); }
  Told read_line(Process& process) { return pipe_core::read_line(*loop_, process.output(PIPE_STDOUT)); }
  Written write(Process& process, const std::string& bytes) { return pipe_core::write(*loop_, process.input(), bytes); }
  Loop& loop() { return **loop_; }

  std::unique_ptr<RunningLoop> loop_;
};

// Until it is dead, without reaping it.
inline void await_death(pid_t pid) {
  siginfo_t info;
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT), 0);
}

}  // namespace pipe_core

inline bool operator==(const pipe_exit& a, const pipe_exit& b) {
  return a.signaled == b.signaled && a.status == b.status;
}
inline void PrintTo(const pipe_exit& exit, std::ostream* out) {
  *out << (exit.signaled != 0 ? "signal " : "exit ") << exit.status;
}

#endif
