// A host of pipe.h that does by chance what a host may do, and what a careful one knows of it: its handles, the tokens
// that may still come out, the bytes that must come. Everything but freed handles is fair: those are the host's duty.
#ifndef ABI_HOST_H_
#define ABI_HOST_H_

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "framing.h"
#include "input.h"
#include "must.h"
#include "pipe.h"

// One operation, from its try to its result.
struct Awaited {
  // Out: its token has come out. Beside: it has none, since another operation tells of it.
  enum class State { kIdle, kHeld, kStarted, kOut, kBeside };
  State state = State::kIdle;
  uint32_t token = 0;
  bool timed = false;

  bool idle() const { return state == State::kIdle; }
  // Whether a `_result` function has to answer with the outcome, and not with -EINVAL. When the token is still in the
  // queue it may: fetched then, it never comes out. Without a token nobody knows.
  bool fetches(int answer) const;
};

// What a loop watches of the host's own signals.
struct HostSignals {
  Awaited arrival;
  std::map<int, uint32_t> untold;  // of each that is watched, how often it has been sent since it was told
  std::map<int, uint32_t> due;     // of those, what this pass has to tell
  bool in_pass = false;
};

struct HostLoop {
  pipe_loop* handle = nullptr;  // nullptr once it is closed
  size_t max_result = 0;
  std::map<uint32_t, Awaited*> started;
  std::map<uint32_t, double> timers;  // when they end at the earliest
  bool has_tokenless = false;         // reads that are armed beside a wait, maybe
  HostSignals signals;
  int fd = -1;
  size_t spawned = 0;

  void start(Awaited& awaited, uint32_t token, bool timed);
  // Fetched or cancelled: if its token has not come out, it never will.
  void forget(Awaited& awaited);
  void came_out(uint32_t token);
  // Takes all tokens that are there, without a turn.
  void take_tokens();
};

struct HostOutput {
  Awaited read;
  pipe_core::ReadRequest request;
  bool known = false;  // what the child writes there
  bool shut = false;
  std::string rest;  // what it has written or will write, and nobody has taken
  bool shown = false;
  pipe_slice slice = {};
  std::string shown_bytes;
  size_t will_take = 0;
  pipe_buffered* lent = nullptr;

  void take_shown();
  void check() const;
};

// A write's slices, on the heap: AddressSanitizer sees who looks at them too late.
struct HostWrite {
  Awaited write;
  std::unique_ptr<pipe_slice[]> slices;
  std::vector<std::unique_ptr<char[]>> bytes;
  double total = 0;

  void release();
};

struct HostProcess {
  pipe_process* handle = nullptr;
  std::shared_ptr<HostLoop> loop;
  int pid = -1;
  bool has_end[3] = {};
  bool merged = false;
  bool terminal = false;
  bool detached = false;
  bool closed = false;
  bool told = false;    // pipe_wait() has told the exit
  bool beside = false;  // a read has been armed beside the wait
  bool harmed = false;  // it may end before its time, or write less than it should
  bool ends = true;     // it exits by itself
  pipe_exit own_exit = {};
  std::optional<pipe_exit> seen_exit;
  HostOutput outputs[2];
  HostWrite input;
  Awaited wait;

  // PIPE_OK, or what every call on that stream answers.
  int stream(int channel) const;
  HostOutput& output(int channel) { return outputs[channel - PIPE_STDOUT]; }
  Awaited* awaited(int channel);
  void cancel(int channel);
  void saw_exit(const pipe_exit& exit);
};

struct HostWatch {
  pipe_exit_watch* handle = nullptr;
  std::shared_ptr<HostLoop> loop;
  HostProcess* process = nullptr;  // nullptr once it is freed
  Awaited watch;
};

struct HostFamily {
  pipe_family* handle = nullptr;
  int pid = -1;
};

struct HostJoint {
  pipe_joint* handle = nullptr;
  bool is_file = false;
};

template <class Handle>
auto raw(const Handle* handle) -> decltype(handle->handle) {
  return handle == nullptr ? nullptr : handle->handle;
}

// A few handles of one kind; an empty place stands for NULL.
template <class Handle, size_t kSize>
struct Places {
  std::shared_ptr<Handle> all[kSize];

  // One that is there, mostly.
  std::shared_ptr<Handle>& any(Input& input) {
    constexpr size_t kAsItIs = 240;
    const size_t chosen = input.byte();
    size_t place = chosen % kSize;
    for (size_t i = 0; i < kSize && all[place] == nullptr && chosen < kAsItIs; ++i) place = (place + 1) % kSize;
    return all[place];
  }
  std::shared_ptr<Handle>* free_one() {
    auto* found = std::find(std::begin(all), std::end(all), nullptr);
    return found == std::end(all) ? nullptr : found;
  }
};

struct Host {
  Places<HostLoop, 2> loops;
  Places<HostProcess, 3> processes;
  Places<HostWatch, 3> watches;
  Places<HostFamily, 2> families;
  Places<HostJoint, 2> joints;
  std::set<int> left_alive;  // detached children whose handles are gone
  bool has_grandchildren = false;
  uint32_t last_token = 0;
  // What takes long is done a few times only.
  int spawns_left = 4;
  int families_left = 2;
  int sleeps_left = 3;
  int forks_left = 1;

  uint32_t new_token() { return ++last_token; }
  void check() const;
  // What is in that place, NULL too.
  void free(std::shared_ptr<HostLoop>& place);
  void free(std::shared_ptr<HostProcess>& place);
  void free(std::shared_ptr<HostWatch>& place);
  void free(std::shared_ptr<HostFamily>& place);
  void free(std::shared_ptr<HostJoint>& place);
  void free_all(size_t order);
};

#endif
