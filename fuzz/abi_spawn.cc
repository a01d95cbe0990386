// Children with any options, and the pipes that join them.
#include <array>
#include <cerrno>
#include <climits>
#include <csignal>
#include <sys/resource.h>

#include "abi_calls.h"

namespace {

constexpr size_t kMost = static_cast<size_t>(-1);

// Texts that live as long as the call, each in a block of its own.
class Texts {
 public:
  const char* keep(std::string text) {
    return kept_.emplace_back(std::make_unique<std::string>(std::move(text)))->c_str();
  }

 private:
  std::vector<std::unique_ptr<std::string>> kept_;
};

// What the child is told to do, and what comes of it.
struct Script {
  std::vector<const char*> argv;
  std::vector<std::pair<int, std::string>> writes;  // each to stdout or to stderr
  pipe_exit exit = {0, 0};
  bool ends = true;
  bool over = false;
  bool has_grandchild = false;
  bool has_stdout = true;

  void add(std::string_view instruction, Texts& texts) {
    argv.push_back(texts.keep(std::string(instruction)));
    if (over) return;
    const std::string_view text = instruction.substr(1);
    switch (instruction.front()) {
      case 'o':
        if (has_stdout) writes.emplace_back(PIPE_STDOUT, text);
        return;
      case 'e':
        writes.emplace_back(PIPE_STDERR, text);
        return;
      case 'i':
        has_stdout = false;
        return;
      case 'f':
        has_grandchild = true;
        return;
      case 'p':
        ends = false;
        over = true;
        return;
      case 'k':
        exit = {1, SIGKILL};
        over = true;
        return;
      case 'x':
        exit = {0, text.front() - '0'};
        over = true;
        return;
      default:
        return;
    }
  }

  // All that comes there; with both into one in their order.
  std::string written(int channel, bool merged) const {
    std::string all;
    for (const auto& [to, text] : writes) {
      if (merged || to == channel) all += text;
    }
    return all;
  }
};

std::string choose_text(Input& input) {
  if (input.once_in(8)) return std::string(input.size() % 20000, 'x') + "\n";
  std::string text(input.bytes(input.below(16)));
  std::replace(text.begin(), text.end(), '\0', '\n');
  return text;
}

Script choose_script(Input& input, Texts& texts) {
  Script script;
  script.argv.push_back("child");
  for (size_t left = input.below(6); left > 0; --left) {
    static constexpr char kInstructions[] = {'o', 'o', 'e', 'r', 'p', 'x', 'k', 'i', 'f'};
    std::string instruction(1, input.one_of(kInstructions));
    if (instruction == "o" || instruction == "e") instruction += choose_text(input);
    if (instruction == "x") instruction += static_cast<char>('0' + input.below(10));
    script.add(instruction, texts);
  }
  script.argv.push_back(nullptr);
  return script;
}

pipe_descriptor choose_descriptor(Host& host, Input& input, int number) {
  static constexpr int kSources[] = {PIPE_SOURCE_PIPE,
                                     PIPE_SOURCE_PIPE,
                                     PIPE_SOURCE_NULL,
                                     PIPE_SOURCE_FD,
                                     PIPE_SOURCE_FILE,
                                     PIPE_SOURCE_STDOUT,
                                     -1,
                                     PIPE_SOURCE_STDOUT + 1};
  static constexpr const char* kPaths[] = {"/dev/null", "/dev/full", "/no/such/file", ".", nullptr};
  pipe_descriptor wanted = {};
  wanted.number = input.once_in(16) ? static_cast<int>(input.byte()) - 1 : number;
  wanted.source = input.one_of(kSources);
  wanted.fd = -1;
  const HostJoint* joint = host.joints.any(input).get();
  if (wanted.source == PIPE_SOURCE_PIPE && input.once_in(4)) wanted.joint = raw(joint);
  if (wanted.source == PIPE_SOURCE_FD && joint != nullptr) {
    wanted.fd = pipe_joint_end(joint->handle, static_cast<int>(input.below(2)));
  }
  if (wanted.source == PIPE_SOURCE_FILE) {
    wanted.path = input.one_of(kPaths);
    wanted.access = static_cast<int>(input.below(5)) - 1;
  }
  return wanted;
}

std::vector<pipe_descriptor> choose_descriptors(Host& host, Input& input) {
  std::vector<pipe_descriptor> chosen;
  const size_t count = input.once_in(8) ? input.below(8) : 3;
  for (size_t i = 0; i < count; ++i) chosen.push_back(choose_descriptor(host, input, static_cast<int>(i)));
  return chosen;
}

std::vector<pipe_limit> choose_limits(Input& input) {
  static constexpr int kResources[] = {RLIMIT_CORE, RLIMIT_NOFILE, RLIMIT_FSIZE, 9999, -1};
  static constexpr uint64_t kValues[] = {0, 3, 64, ~uint64_t{0}};
  std::vector<pipe_limit> chosen;
  for (size_t left = input.below(3); left > 0; --left) {
    chosen.push_back({input.one_of(kResources), input.one_of(kValues), input.one_of(kValues)});
  }
  return chosen;
}

void choose_flags(Input& input, pipe_spawn_options& options) {
  static constexpr unsigned kIds[] = {0, 65534};
  static constexpr int kSignals[] = {SIGKILL, SIGTERM, 0, 65, -1};
  static constexpr unsigned kGroups[] = {0, 65534};
  static constexpr uint8_t kAffinity[] = {0xff, 0xff};
  static constexpr unsigned kFlags[] = {PIPE_SPAWN_GROUP,        PIPE_SPAWN_DETACHED, PIPE_SPAWN_SUBREAPER,
                                        PIPE_SPAWN_PTY,          PIPE_SPAWN_UID,      PIPE_SPAWN_GID,
                                        PIPE_SPAWN_GROUPS,       PIPE_SPAWN_NICE,     PIPE_SPAWN_UMASK,
                                        PIPE_SPAWN_DEATH_SIGNAL, PIPE_SPAWN_AFFINITY};
  for (size_t left = input.below(4); left > 0; --left) options.flags |= input.one_of(kFlags);
  options.uid = input.one_of(kIds);
  options.gid = input.one_of(kIds);
  options.umask = static_cast<unsigned>(input.byte());
  options.nice = static_cast<int>(input.below(64)) - 32;
  options.death_signal = input.one_of(kSignals);
  options.rows = static_cast<int>(input.byte()) - 1;
  options.columns = static_cast<int>(input.size());
  options.group_count = input.below(3);
  options.affinity_size = input.below(3);
  // Without their flags these are not looked at.
  options.groups = reinterpret_cast<const unsigned*>(1);
  options.affinity = reinterpret_cast<const uint8_t*>(1);
  if ((options.flags & PIPE_SPAWN_GROUPS) != 0) options.groups = input.once_in(4) ? nullptr : kGroups;
  if ((options.flags & PIPE_SPAWN_AFFINITY) != 0) options.affinity = input.once_in(4) ? nullptr : kAffinity;
}

// Whose stream the host has, and whether it knows all that will come there.
void choose_streams(HostProcess& process, const pipe_spawn_options& options, const Script& script) {
  process.terminal = (options.flags & PIPE_SPAWN_PTY) != 0;
  const pipe_descriptor* wanted = options.descriptors;
  process.merged = process.terminal || (wanted != nullptr && wanted[PIPE_STDERR].source == PIPE_SOURCE_STDOUT);
  for (int channel = PIPE_STDIN; channel <= PIPE_STDERR; ++channel) {
    const bool piped = wanted == nullptr || wanted[channel].source == PIPE_SOURCE_PIPE;
    process.has_end[channel] = process.terminal ? channel != PIPE_STDERR : piped;
    if (channel == PIPE_STDIN) continue;
    HostOutput& output = process.output(channel);
    output.known = piped && !process.terminal && (wanted == nullptr || wanted[channel].joint == nullptr);
    if (output.known) output.rest = script.written(channel, process.merged);
  }
}

void spawn(Host& host, Input& input) {
  static constexpr const char* kFiles[] = {"no-such-program", "/", "/etc/passwd", "/no/such/folder/program", nullptr};
  static constexpr const char* kFolders[] = {"/", "/tmp", "/no/such/folder", "/dev/null", ""};
  static constexpr size_t kPipeSizes[] = {0, 1, 4096, size_t{1} << 20, kMost};
  static constexpr const char* kNoVariables[] = {nullptr};
  static constexpr const char* kVariables[] = {"A=1", nullptr};
  const auto& loop = host.loops.any(input);
  auto* place = host.processes.free_one();
  if (place == nullptr || host.spawns_left-- <= 0) return;

  Texts texts;
  Script script = choose_script(input, texts);
  std::vector<pipe_descriptor> descriptors;
  std::vector<pipe_limit> limits;
  pipe_spawn_options options = {};
  options.file = input.once_in(16) ? input.one_of(kFiles) : PIPE_FUZZ_CHILD;
  options.argv = input.once_in(64) ? nullptr : script.argv.data();
  options.buffer_size = input.size();
  if (options.buffer_size == 0) options.buffer_size = input.once_in(8) ? kMost * input.below(2) : 4096;
  if (input.once_in(2)) {
    static constexpr const char* const* kEnvironments[] = {kNoVariables, kVariables, nullptr};
    if (input.once_in(4)) options.envp = input.one_of(kEnvironments);
    if (input.once_in(4)) options.cwd = input.one_of(kFolders);
    options.pipe_size = input.one_of(kPipeSizes);
    descriptors = choose_descriptors(host, input);
    options.descriptors = input.once_in(4) ? nullptr : descriptors.data();
    options.descriptor_count = descriptors.size();
  }
  if (input.once_in(4)) {
    limits = choose_limits(input);
    options.limit_count = limits.size();
    options.limits = input.once_in(16) ? nullptr : limits.data();
    choose_flags(input, options);
  }
  if (descriptors.empty()) options.descriptors = nullptr;

  pipe_failure failure = {-1, -1};
  pipe_process* process = nullptr;
  const bool untold = input.once_in(16);
  const int status = pipe_spawn(raw(loop.get()), &options, untold ? nullptr : &failure, &process);
  MUST(status <= 0 && (status == PIPE_OK) == (process != nullptr));
  if (loop == nullptr || options.file == nullptr || options.argv == nullptr || options.buffer_size == 0) {
    MUST(status == -EINVAL);
  }
  if (!untold) MUST(failure.step >= PIPE_STEP_START && failure.step <= PIPE_STEP_DEATH_SIGNAL && failure.index >= 0);
  if (status != PIPE_OK) return;

  *place = std::make_shared<HostProcess>();
  HostProcess& made = **place;
  made.handle = process;
  made.loop = loop;
  made.pid = pipe_process_pid(process);
  MUST(made.pid > 0);
  ++loop->spawned;
  made.detached = (options.flags & PIPE_SPAWN_DETACHED) != 0;
  if (script.has_grandchild) host.has_grandchildren = true;
  choose_streams(made, options, script);
  // A terminal's end is a signal.
  made.harmed = made.terminal;
  made.ends = script.ends;
  made.own_exit = script.exit;
}

void misuse_spawn(Host& host, Input& input) {
  const auto& loop = host.loops.any(input);
  pipe_process* process = nullptr;
  pipe_spawn_options options = {};
  MUST(pipe_spawn(raw(loop.get()), nullptr, nullptr, &process) == -EINVAL && process == nullptr);
  MUST(pipe_spawn(raw(loop.get()), &options, nullptr, nullptr) == -EINVAL);
}

void open_joint(Host& host, Input& input) {
  auto* place = host.joints.free_one();
  if (place == nullptr) {
    MUST(pipe_joint_open(0, nullptr) == -EINVAL);
    return;
  }
  *place = std::make_shared<HostJoint>();
  MUST(pipe_joint_open(input.once_in(8) ? kMost : input.size(), &(*place)->handle) == PIPE_OK);
}

void joint_end(Host& host, Input& input) {
  const auto& joint = host.joints.any(input);
  const int end = static_cast<int>(input.below(2));
  const int fd = pipe_joint_end(raw(joint.get()), end);
  if (joint == nullptr) {
    MUST(fd == -EINVAL);
  } else {
    MUST(joint->is_file && end == 0 ? fd == -EBADF : fd > 2);
  }
}

void free_joint(Host& host, Input& input) { host.free(host.joints.any(input)); }

constexpr Call kCalls[] = {
    {"pipe_spawn", spawn},         {"pipe_spawn", misuse_spawn},    {"pipe_joint_open", open_joint},
    {"pipe_joint_end", joint_end}, {"pipe_joint_free", free_joint},
};

}  // namespace

std::span<const Call> spawn_calls() { return kCalls; }
