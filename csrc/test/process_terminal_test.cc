// A process on a terminal of its own, as its host sees it.
#include <gtest/gtest.h>
#include <termios.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <string>

#include "descriptors.h"
#include "worlds.h"

namespace pipe_core {
namespace {

class ProcessTerminal : public InEachWorld {
 protected:
  std::unique_ptr<Process> spawn_on_terminal(const std::string& script) {
    Command command = Command::shell(script);
    command.options.flags = PIPE_SPAWN_PTY;
    command.options.rows = 24;
    command.options.columns = 80;
    return spawn(command);
  }
  pipe_exit exit_of(Process& process) {
    pipe_exit exit = {9, 9};
    EXPECT_EQ(wait(process, &exit), PIPE_OK);
    return exit;
  }
};

constexpr pipe_exit exited(int code) { return {0, code}; }

TEST_P(ProcessTerminal, IsATerminalForAllThree) {
  const auto process = spawn_on_terminal("test -t 0 && test -t 1 && test -t 2 && stty size; exit 7");
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "24 80\r\n"}));
  EXPECT_EQ(exit_of(*process), exited(7));
}

TEST_P(ProcessTerminal, HasItsErrorsAmongItsOutput) {
  const auto process = spawn_on_terminal("echo out; echo err >&2");
  EXPECT_EQ(process->stream(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(process->stream(PIPE_STDOUT), PIPE_OK);
  EXPECT_EQ(process->stream(PIPE_STDERR), PIPE_MERGED);
  EXPECT_EQ(process->shutdown(PIPE_STDERR), PIPE_MERGED);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "out\r\nerr\r\n"}));
}

TEST_P(ProcessTerminal, ReadsWhatIsTypedUntilEndOfFile) {
  const auto process = spawn_on_terminal("stty -echo; echo ready; cat; echo end");
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "ready"}));
  EXPECT_EQ(write(*process, "one\n"), (Written{PIPE_OK, 4}));
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "one"}));
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(write(*process, "x"), (Written{PIPE_CLOSED, 0}));
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "end\r\n"}));
  EXPECT_EQ(exit_of(*process), exited(0));
}

TEST_P(ProcessTerminal, ReadsAnUnfinishedLineBeforeEndOfFile) {
  const auto process = spawn_on_terminal("stty -echo; echo ready; cat; echo .");
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "ready"}));
  EXPECT_EQ(write(*process, "one\ntw"), (Written{PIPE_OK, 6}));
  EXPECT_EQ(write(*process, "o"), (Written{PIPE_OK, 1}));
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "one\r\ntwo.\r\n"}));
}

TEST_P(ProcessTerminal, ReadsNothingAtAllWhenNothingWasTyped) {
  const auto process = spawn_on_terminal("cat; echo end");
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "end\r\n"}));
}

TEST_P(ProcessTerminal, InRawModeGetsNoEndOfFile) {
  const auto process = spawn_on_terminal("stty raw -echo; echo ready; head -c 3; echo .; exec sleep 1000000");
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "ready"}));
  EXPECT_EQ(write(*process, "a\x04z"), (Written{PIPE_OK, 3}));
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "a\x04z."}));
  pipe_exit exit;
  EXPECT_EQ(process->try_wait(&exit), PIPE_RUNNING);
  EXPECT_EQ(process->kill(SIGKILL), PIPE_OK);
}

TEST_P(ProcessTerminal, TakesControlCharactersForSignals) {
  const auto process = spawn_on_terminal("echo ready; exec sleep 1000000");
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "ready"}));
  EXPECT_EQ(write(*process, "\x03"), (Written{PIPE_OK, 1}));
  EXPECT_EQ(exit_of(*process), (pipe_exit{1, SIGINT}));
}

TEST_P(ProcessTerminal, TellsTheChildOfItsNewSize) {
  const auto process =
      spawn_on_terminal("trap 'stty size; kill $!; exit 7' WINCH; sleep 1000000 & echo ready; wait; wait");
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "ready"}));
  EXPECT_EQ(process->resize(50, 132), PIPE_OK);
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "50 132"}));
  EXPECT_EQ(exit_of(*process), exited(7));
}

TEST_P(ProcessTerminal, IsResizedAlsoWhenOneOfItsDirectionsIsShut) {
  const auto process = spawn_on_terminal("stty raw; echo ready; exec sleep 1000000");
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "ready"}));
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(process->resize(50, 132), PIPE_OK);
  EXPECT_EQ(process->shutdown(PIPE_STDOUT), PIPE_OK);
  EXPECT_EQ(process->resize(50, 132), PIPE_CLOSED);
}

TEST_P(ProcessTerminal, IsNotResizedAfterItsEndNorWhereThereIsNone) {
  const auto process = spawn_on_terminal("exit 0");
  EXPECT_EQ(exit_of(*process), exited(0));
  EXPECT_EQ(process->resize(50, 132), PIPE_CLOSED);
  const auto on_pipes = spawn({"cat"});
  EXPECT_EQ(on_pipes->resize(50, 132), PIPE_NOT_A_PIPE);
}

TEST_P(ProcessTerminal, IsAtItsEndForReaderAndWriterWhenTheChildHasExited) {
  const auto before = open_descriptors();
  const auto process = spawn_on_terminal("exit 0");
  EXPECT_EQ(exit_of(*process), exited(0));
  EXPECT_EQ(write(*process, "x"), (Written{PIPE_CLOSED, 0}));
  EXPECT_EQ(read_line(*process), (Told{PIPE_CLOSED, ""}));
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, ""}));
  loop().run(false);
  EXPECT_EQ(open_descriptors(), before) << "and is given back";
}

TEST_P(ProcessTerminal, TellsAWaitingReaderOfItsEnd) {
  const auto process = spawn_on_terminal("read x; exit 0");
  pipe_slice slice;
  EXPECT_EQ(write(*process, "go\n"), (Written{PIPE_OK, 3}));
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "go\r\n"}));
  EXPECT_EQ(process->output(PIPE_STDOUT).read({PIPE_READ_ANY, 1}, &slice), PIPE_CLOSED);
}

TEST_P(ProcessTerminal, TellsAWaitingWriterOfItsEnd) {
  const auto process = spawn_on_terminal("stty raw -echo; echo ready; read x; exec sleep 1000000");
  EXPECT_EQ(read_line(*process), (Told{PIPE_OK, "ready"}));
  const std::string much(size_t{1} << 20, 'x');
  const pipe_slice all = {much.data(), much.size()};
  double written;
  ASSERT_EQ(process->input().write(&all, 1, &written), PIPE_AGAIN);
  ASSERT_EQ(process->channel(PIPE_STDIN)->start(7, 0), 0);
  EXPECT_EQ(process->kill(SIGKILL), PIPE_OK);
  EXPECT_EQ(loop_->next_token(), 7U);
  EXPECT_EQ(process->input().result(&written), PIPE_CLOSED);
  EXPECT_LT(written, static_cast<double>(much.size()));
}

TEST_P(ProcessTerminal, IsNotShutWhileThereIsNoRoomForTheEndOfFile) {
  const auto process = spawn_on_terminal("cat; echo end");
  const int master = process->input().fd();
  ASSERT_EQ(::tcflow(master, TCOOFF), 0);  // it takes nothing any more, as when it is full
  EXPECT_EQ(process->shutdown(PIPE_STDIN), -EAGAIN);
  EXPECT_EQ(process->input().fd(), master);
  ASSERT_EQ(::tcflow(master, TCOON), 0);
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_OK);
  EXPECT_EQ(read_all(*process), (Told{PIPE_OK, "end\r\n"}));
}

TEST_P(ProcessTerminal, ClosesWithItsHandle) {
  const auto process = spawn_on_terminal("exec cat");
  process->close();
  EXPECT_EQ(process->resize(1, 1), PIPE_CLOSED);
  EXPECT_EQ(process->shutdown(PIPE_STDIN), PIPE_CLOSED);
  EXPECT_EQ(read_all(*process), (Told{PIPE_CLOSED, ""}));
}

INSTANTIATE_TEST_SUITE_P(In, ProcessTerminal, worlds(), world_name);

}  // namespace
}  // namespace pipe_core
