// Several Lua states in several threads: each has a loop and children of its own, and all have one process, with its
// signals, its exit and its forks, between them. What they do is in lua_states.lua.
#include <gtest/gtest.h>
#include <sys/prctl.h>

#include <atomic>
#include <csignal>
#include <latch>
#include <lua.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "descriptors.h"
#include "forked.h"
#include "worlds.h"

namespace pipe_core {
namespace {

constexpr int kThreads = 6;
constexpr int kStates = 4;  // one after the other in each thread

class LuaState {
 public:
  LuaState() : state_(luaL_newstate()) {
    luaL_openlibs(state_);
    run("package.path, package.cpath = '" LUA_FILES "/?.lua;' .. package.path, '" LIBRARIES "/?.so'");
    run("lives = dofile '" LIVES "'; lives.host = " + std::to_string(::getpid()));
  }
  LuaState(const LuaState&) = delete;
  LuaState& operator=(const LuaState&) = delete;
  ~LuaState() { close(); }

  // Ends what is still alive.
  void close() {
    if (lua_State* closed = std::exchange(state_, nullptr)) lua_close(closed);
  }

  // Returns the pids that must be gone later.
  std::vector<pid_t> live(const std::string& life) {
    run("pids = lives." + life + "()");
    lua_getglobal(state_, "pids");
    std::vector<pid_t> pids(lua_objlen(state_, -1));
    for (size_t i = 0; i < pids.size(); ++i) {
      lua_rawgeti(state_, -1, static_cast<int>(i) + 1);
      pids[i] = static_cast<pid_t>(lua_tointeger(state_, -1));
      lua_pop(state_, 1);
    }
    lua_pop(state_, 1);
    return pids;
  }

 private:
  void run(const std::string& chunk) {
    if (luaL_dostring(state_, chunk.c_str()) == 0) return;
    const std::string error = lua_tostring(state_, -1);
    lua_pop(state_, 1);
    throw std::runtime_error(error);
  }

  lua_State* state_;
};

// Calls `body(number)` in each thread at the same moment. What it throws has failed.
template <class Body>
void in_threads(Body body) {
  std::latch all_are_there(kThreads);
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      all_are_there.arrive_and_wait();
      try {
        body(number);
      } catch (const std::exception& error) {
        ADD_FAILURE() << error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

void live_and_close(const std::string& life) {
  LuaState state;
  const std::vector<pid_t> pids = state.live(life);
  state.close();
  EXPECT_FALSE(pids.empty());
  for (const pid_t pid : pids) EXPECT_TRUE(::kill(pid, 0) == -1 && errno == ESRCH) << pid << " is still there";
}

class LuaStatesInThreads : public testing::TestWithParam<World> {
 protected:
  LuaStatesInThreads() { GetParam().enter(); }

  static void all_live(const std::string& life) {
    in_threads([&](int) {
      for (int i = 0; i < kStates; ++i) live_and_close(life);
    });
  }
};

TEST_P(LuaStatesInThreads, TalkToTheirChildren) { all_live("talks"); }
TEST_P(LuaStatesInThreads, Sleep) { all_live("sleeps"); }
TEST_P(LuaStatesInThreads, KillTheirTrees) { all_live("kills_trees"); }
TEST_P(LuaStatesInThreads, RunPrograms) { all_live("runs"); }
TEST_P(LuaStatesInThreads, ForgetTheirChildren) { all_live("forgets"); }
TEST_P(LuaStatesInThreads, AreClosedWhileChildrenLive) { all_live("abandons"); }

TEST_P(LuaStatesInThreads, DoDifferentThingsAtATime) {
  const char* lives[] = {"talks", "sleeps", "kills_trees", "runs", "forgets", "abandons"};
  in_threads([&](int number) {
    for (int i = 0; i < kStates; ++i) live_and_close(lives[(number + i) % kThreads]);
  });
}

// The host has handlers of its own: a signal may still be under way when the last state wants no more.
TEST_P(LuaStatesInThreads, CatchTheHostsSignalsAndGiveThemBack) {
  const auto handler = [](int) {};
  for (const int signum : {SIGUSR1, SIGUSR2, SIGCHLD}) ASSERT_NE(::signal(signum, handler), SIG_ERR);
  all_live("catches_signals");
  for (const int signum : {SIGUSR1, SIGUSR2, SIGCHLD}) EXPECT_EQ(::signal(signum, SIG_DFL), handler) << signum;
}

TEST_P(LuaStatesInThreads, MayBeForkedWithTheHost) {
  LuaState forking;
  forking.live("talks");
  std::atomic<bool> done{false};
  std::latch all_talk(kThreads + 1);
  std::thread forks([&] {
    all_talk.arrive_and_wait();
    for (int i = 0; i < kStates; ++i) {
      // Its own loop is the parent's, and it opens another.
      in_forked_process([&] { forking.live("talks"); });
    }
    done = true;
  });
  in_threads([&](int) {
    LuaState state;  // before the fork: the dynamic loader's lock may be anybody's in a copy
    state.live("talks");
    all_talk.arrive_and_wait();
    while (!done) state.live("talks");
  });
  forks.join();
}

TEST_P(LuaStatesInThreads, LeaveNothingWhenTheHostEnds) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), 0);
  const int status = status_of_forked([] {
    static std::latch all_have_children(kThreads + 1);
    for (int number = 0; number < kThreads; ++number) {
      std::thread([] {
        auto* state = new LuaState;  // still in use when the host ends
        state->live("abandons");
        all_have_children.count_down();
        state->live("waits_for_ever");
      }).detach();
    }
    all_have_children.arrive_and_wait();
    std::exit(17);
  });
  EXPECT_EQ(WEXITSTATUS(status), 17);
  EXPECT_FALSE(has_children());
}

INSTANTIATE_TEST_SUITE_P(In, LuaStatesInThreads, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
