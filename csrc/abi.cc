// pipe.h: validates, guards, delegates. No logic.
#include "pipe.h"

#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <memory>
#include <new>
#include <unistd.h>

#include "accounts.h"
#include "error_text.h"
#include "exit_watch.h"
#include "family.h"
#include "joint.h"
#include "loop.h"
#include "process.h"

namespace {

using pipe_core::ExitWatch;
using pipe_core::Family;
using pipe_core::Joint;
using pipe_core::Loop;
using pipe_core::Process;
using pipe_core::Signals;

Loop* unwrap(pipe_loop* loop) { return reinterpret_cast<Loop*>(loop); }
const Loop* unwrap(const pipe_loop* loop) { return reinterpret_cast<const Loop*>(loop); }
ExitWatch* unwrap(pipe_exit_watch* watch) { return reinterpret_cast<ExitWatch*>(watch); }
Family* unwrap(pipe_family* family) { return reinterpret_cast<Family*>(family); }
Joint* unwrap(pipe_joint* joint) { return reinterpret_cast<Joint*>(joint); }
const Joint* unwrap(const pipe_joint* joint) { return reinterpret_cast<const Joint*>(joint); }
const Process* unwrap(const pipe_process* process) { return reinterpret_cast<const Process*>(process); }

// A process is used only in the process that made it. A raw fork runs no pthread_atfork handler: notice it here.
Process* unwrap(pipe_process* handle) {
  auto* process = reinterpret_cast<Process*>(handle);
  if (process != nullptr && process->loop().inherited()) process->loop().abandon();
  return process;
}

template <class Body>
int guarded(Body body) noexcept {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return UV_ENOMEM;
  } catch (...) {
    return UV_EIO;  // nothing of ours throws anything else; never let it through C
  }
}

template <class Body>
int on_process(pipe_process* handle, Body body) noexcept {
  if (handle == nullptr) return UV_EINVAL;
  return guarded([&] { return body(*unwrap(handle)); });
}

template <class Body>
int on_output(pipe_process* handle, int channel, Body body) noexcept {
  if (channel != PIPE_STDOUT && channel != PIPE_STDERR) return UV_EINVAL;
  return on_process(handle, [&](Process& process) {
    const int status = process.stream(channel);
    return status != PIPE_OK ? status : body(process.output(channel));
  });
}

template <class Body>
int on_input(pipe_process* handle, Body body) noexcept {
  return on_process(handle, [&](Process& process) {
    const int status = process.stream(PIPE_STDIN);
    return status != PIPE_OK ? status : body(process.input());
  });
}

// As for a process: a raw fork is noticed here.
template <class Body>
int on_signals(pipe_loop* handle, Body body) noexcept {
  if (handle == nullptr) return UV_EINVAL;
  return guarded([&]() -> int {
    Loop& loop = *unwrap(handle);
    if (!loop.inherited()) return body(loop.signals());
    loop.abandon();
    return -ECHILD;
  });
}

bool is_sound_file(const char* path, int access) {
  return path != nullptr && access >= PIPE_ACCESS_READ && access <= PIPE_ACCESS_APPEND;
}

bool is_sound(const pipe_descriptor& wanted, int lowest) {
  if (wanted.number < lowest) return false;
  switch (wanted.source) {
    case PIPE_SOURCE_PIPE:
      return wanted.number <= PIPE_STDERR && (wanted.joint == nullptr || wanted.number != PIPE_STDIN);
    case PIPE_SOURCE_NULL:
    case PIPE_SOURCE_FD:
      return true;
    case PIPE_SOURCE_FILE:
      return is_sound_file(wanted.path, wanted.access);
    default:
      return wanted.source == PIPE_SOURCE_STDOUT && wanted.number == PIPE_STDERR;
  }
}

// 0, 1 and 2 first, the others in rising order.
bool are_sound(const pipe_descriptor* descriptors, size_t count) {
  if (descriptors == nullptr) return true;
  for (size_t i = 0; i < count; ++i) {
    if (!is_sound(descriptors[i], i == 0 ? PIPE_STDIN : descriptors[i - 1].number + 1)) return false;
  }
  return count > PIPE_STDERR && descriptors[PIPE_STDERR].number == PIPE_STDERR;
}

bool are_sound(const pipe_spawn_options& options) {
  if (options.file == nullptr || options.argv == nullptr || options.buffer_size == 0) return false;
  if (options.limit_count > 0 && options.limits == nullptr) return false;
  if ((options.flags & PIPE_SPAWN_GROUPS) != 0 && options.group_count > 0 && options.groups == nullptr) return false;
  if ((options.flags & PIPE_SPAWN_AFFINITY) != 0 && options.affinity == nullptr) return false;
  return are_sound(options.descriptors, options.descriptor_count);
}

// `open` makes of it what it is to be.
template <class Open>
int new_joint(pipe_joint** joint, Open open) {
  *joint = nullptr;
  return guarded([&] {
    auto made = std::make_unique<Joint>();
    const int status = open(*made);
    if (status == PIPE_OK) *joint = reinterpret_cast<pipe_joint*>(made.release());
    return status;
  });
}

}  // namespace

extern "C" {

int pipe_abi_version(void) { return PIPE_ABI_VERSION; }

size_t pipe_error_text(int code, char* buffer, size_t size) { return pipe_core::error_text(code, buffer, size); }

const char* pipe_error_name(int code) { return pipe_core::error_name(code); }

int pipe_loop_open(size_t max_result, pipe_loop** loop) {
  if (loop == nullptr || max_result == 0) return UV_EINVAL;
  *loop = nullptr;
  return guarded([&] {
    Loop* opened = nullptr;
    const int status = Loop::open(max_result, &opened);
    *loop = reinterpret_cast<pipe_loop*>(opened);
    return status;
  });
}

void pipe_loop_close(pipe_loop* loop) {
  if (loop != nullptr) unwrap(loop)->unref();
}

int pipe_loop_alive(const pipe_loop* loop) { return loop != nullptr && !unwrap(loop)->inherited() ? 1 : 0; }

int pipe_loop_run(pipe_loop* handle, int turn) {
  if (handle == nullptr || turn < PIPE_TURN_LOOK || turn > PIPE_TURN_GLANCE) return UV_EINVAL;
  return guarded([&] {
    Loop& loop = *unwrap(handle);
    if (loop.inherited()) return -ECHILD;
    if (turn == PIPE_TURN_GLANCE) {
      loop.glance();
    } else {
      loop.run(turn == PIPE_TURN_SLEEP);
    }
    return loop.finished().empty() ? 0 : 1;
  });
}

uint32_t pipe_loop_next(pipe_loop* loop) { return loop == nullptr ? 0 : unwrap(loop)->next_finished(); }

int pipe_loop_fd(pipe_loop* loop) { return loop == nullptr ? UV_EINVAL : unwrap(loop)->foreign_fd(); }

void pipe_loop_wake(pipe_loop* loop) {
  if (loop != nullptr) unwrap(loop)->wake();
}

double pipe_loop_timeout(pipe_loop* loop) { return loop == nullptr ? -1 : unwrap(loop)->timeout(); }

size_t pipe_loop_children(const pipe_loop* loop) { return loop == nullptr ? 0 : unwrap(loop)->children(); }

const char* pipe_loop_reaper(const pipe_loop* loop) { return loop == nullptr ? "" : unwrap(loop)->reaper().name(); }

int pipe_timer_start(pipe_loop* loop, double ms, uint32_t token) {
  if (loop == nullptr || std::isnan(ms) || ms < 0) return UV_EINVAL;
  return guarded([&] { return unwrap(loop)->timers().start(*unwrap(loop), ms, token); });
}

void pipe_timer_stop(pipe_loop* loop, uint32_t token) {
  if (loop != nullptr) unwrap(loop)->timers().stop(token);
}

int pipe_signal_catchable(int signum) { return Signals::can_watch(signum) ? 1 : 0; }

int pipe_signal_watch(pipe_loop* loop, int signum) {
  return on_signals(loop, [&](Signals& signals) { return signals.watch(signum); });
}

void pipe_signal_unwatch(pipe_loop* loop, int signum) {
  on_signals(loop, [&](Signals& signals) {
    signals.unwatch(signum);
    return PIPE_OK;
  });
}

int pipe_signal_start(pipe_loop* loop, uint32_t token) {
  return on_signals(loop, [&](Signals& signals) { return signals.start(token); });
}

void pipe_signal_cancel(pipe_loop* loop) {
  on_signals(loop, [](Signals& signals) {
    signals.cancel();
    return PIPE_OK;
  });
}

int pipe_signal_next(pipe_loop* loop, uint32_t* count) {
  if (count == nullptr) return 0;
  *count = 0;
  const int signum = on_signals(loop, [&](Signals& signals) { return signals.next(count); });
  return signum > 0 ? signum : 0;
}

int pipe_signal_send(int pid, int signum) { return ::kill(pid, signum) == 0 ? PIPE_OK : -errno; }

double pipe_now(void) {
  constexpr double kNanosecondsPerMs = 1e6;
  return static_cast<double>(pipe_core::Deadlines::now()) / kNanosecondsPerMs;
}

const char* const* pipe_environment(void) { return environ; }

int pipe_file_descriptor(void* file) {
  if (file == nullptr) return UV_EINVAL;
  auto* stream = static_cast<FILE*>(file);
  if (std::fflush(stream) != 0) return -errno;
  const int fd = ::fileno(stream);
  return fd < 0 ? -errno : fd;
}

int pipe_user_find(const char* name, pipe_account* account) {
  if (account == nullptr || (account->groups == nullptr && account->group_count > 0)) return UV_EINVAL;
  return guarded([&] { return pipe_core::find_user(name, account); });
}

int pipe_group_find(const char* name, unsigned* gid) {
  if (name == nullptr || gid == nullptr) return UV_EINVAL;
  return guarded([&] { return pipe_core::find_group(name, gid); });
}

int pipe_joint_open(size_t capacity, pipe_joint** joint) {
  return joint == nullptr ? UV_EINVAL : new_joint(joint, [&](Joint& made) { return made.open(capacity); });
}

int pipe_joint_open_file(const char* path, int access, pipe_joint** joint) {
  if (joint == nullptr || !is_sound_file(path, access)) return UV_EINVAL;
  return new_joint(joint, [&](Joint& made) { return made.open_file(path, access); });
}

int pipe_joint_end(const pipe_joint* joint, int end) {
  if (joint == nullptr) return UV_EINVAL;
  const int fd = (end == 0 ? unwrap(joint)->reading_end : unwrap(joint)->writing_end).get();
  return fd < 0 ? UV_EBADF : fd;
}

void pipe_joint_free(pipe_joint* joint) { delete unwrap(joint); }

int pipe_spawn(pipe_loop* loop, const pipe_spawn_options* options, pipe_failure* failure, pipe_process** process) {
  pipe_failure unwanted;
  if (failure == nullptr) failure = &unwanted;
  *failure = {PIPE_STEP_START, 0};
  if (loop == nullptr || options == nullptr || process == nullptr || !are_sound(*options)) return UV_EINVAL;
  *process = nullptr;
  if (unwrap(loop)->inherited()) return UV_EINVAL;
  return guarded([&] {
    Process* spawned = nullptr;
    const int status = Process::spawn(*unwrap(loop), *options, failure, &spawned);
    *process = reinterpret_cast<pipe_process*>(spawned);
    return status;
  });
}

int pipe_process_pid(const pipe_process* process) { return process == nullptr ? -1 : unwrap(process)->pid(); }

void pipe_process_close(pipe_process* process) {
  on_process(process, [](Process& closed) {
    closed.close();
    return PIPE_OK;
  });
}

void pipe_process_free(pipe_process* process) {
  on_process(process, [](Process& freed) {
    delete &freed;
    return PIPE_OK;
  });
}

int pipe_kill(pipe_process* process, int signum) {
  return on_process(process, [&](Process& killed) { return killed.kill(signum); });
}

int pipe_shutdown(pipe_process* process, int channel) {
  return on_process(process, [&](Process& shut) { return shut.shutdown(channel); });
}

int pipe_resize(pipe_process* process, int rows, int columns) {
  return on_process(process, [&](Process& shown) { return shown.resize(rows, columns); });
}

int pipe_rusage(pipe_process* process, pipe_usage* usage) {
  if (usage == nullptr) return UV_EINVAL;
  return on_process(process, [&](Process& measured) { return measured.usage(usage); });
}

int pipe_family_open(pipe_process* process, pipe_family** family) {
  if (family == nullptr) return UV_EINVAL;
  *family = nullptr;
  return on_process(process, [&](Process& head) {
    pipe_core::Child* child = head.child();
    if (child == nullptr) return static_cast<int>(PIPE_EXITED);
    std::unique_ptr<Family> found;
    const int status = Family::open(*child, head.loop().reaper().wants_pidfd(), &found);
    *family = reinterpret_cast<pipe_family*>(found.release());
    return status;
  });
}

int pipe_family_signal(pipe_family* family, int signum) {
  if (family == nullptr) return UV_EINVAL;
  return guarded([&] { return unwrap(family)->signal(signum); });
}

size_t pipe_family_living(pipe_family* family) { return family == nullptr ? 0 : unwrap(family)->living(); }

void pipe_family_free(pipe_family* family) { delete unwrap(family); }

int pipe_read(pipe_process* process, int channel, int mode, size_t length, pipe_slice* result) {
  if (result == nullptr || mode < PIPE_READ_ALL || mode > PIPE_READ_WITHIN) return UV_EINVAL;
  *result = {};
  if ((mode == PIPE_READ_ANY || mode == PIPE_READ_POLL) && length == 0) return UV_EINVAL;
  return on_output(process, channel, [&](pipe_core::Reader& reader) { return reader.read({mode, length}, result); });
}

pipe_buffered* pipe_buffered_bytes(pipe_process* process, int channel) {
  pipe_buffered* buffered = nullptr;
  on_output(process, channel, [&](pipe_core::Reader& reader) {
    buffered = reader.buffered();
    return PIPE_OK;
  });
  return buffered;
}

int pipe_read_result(pipe_process* process, int channel, pipe_slice* result) {
  if (result == nullptr) return UV_EINVAL;
  *result = {};
  return on_output(process, channel, [&](pipe_core::Reader& reader) { return reader.result(result); });
}

void pipe_read_take(pipe_process* process, int channel) {
  on_output(process, channel, [](pipe_core::Reader& reader) {
    reader.take();
    return PIPE_OK;
  });
}

int pipe_write(pipe_process* process, const pipe_slice* slices, size_t count, double* written) {
  if (written == nullptr || (slices == nullptr && count > 0)) return UV_EINVAL;
  *written = 0;
  return on_input(process, [&](pipe_core::Writer&) { return unwrap(process)->write(slices, count, written); });
}

int pipe_write_result(pipe_process* process, double* written) {
  if (written == nullptr) return UV_EINVAL;
  return on_input(process, [&](pipe_core::Writer& input) { return input.result(written); });
}

int pipe_wait(pipe_process* process, pipe_exit* exit) {
  if (exit == nullptr) return UV_EINVAL;
  return on_process(process, [&](Process& awaited) { return awaited.wait(exit); });
}

int pipe_wait_result(pipe_process* process, pipe_exit* exit) {
  if (exit == nullptr) return UV_EINVAL;
  return on_process(process, [&](Process& awaited) { return awaited.wait_result(exit); });
}

int pipe_try_wait(pipe_process* process, pipe_exit* exit) {
  if (exit == nullptr) return UV_EINVAL;
  return on_process(process, [&](Process& awaited) { return awaited.try_wait(exit); });
}

int pipe_exit_watch_start(pipe_process* process, uint32_t timeout_ms, uint32_t token, pipe_exit_watch** watch) {
  if (watch == nullptr) return UV_EINVAL;
  *watch = nullptr;
  return on_process(process, [&](Process& watched) {
    auto made = std::make_unique<ExitWatch>(watched);
    const int status = made->start(token, timeout_ms);
    if (status == PIPE_OK) *watch = reinterpret_cast<pipe_exit_watch*>(made.release());
    return status;
  });
}

int pipe_exit_watch_result(pipe_exit_watch* watch) { return watch == nullptr ? UV_EINVAL : unwrap(watch)->result(); }

void pipe_exit_watch_free(pipe_exit_watch* watch) { delete unwrap(watch); }

int pipe_start(pipe_process* process, int channel, uint32_t timeout_ms, uint32_t token) {
  return on_process(process, [&](Process& waiting) {
    pipe_core::Channel* awaited = waiting.channel(channel);
    return awaited == nullptr ? UV_EINVAL : awaited->start(token, timeout_ms);
  });
}

int pipe_start_beside_exit(pipe_process* process, int channel) {
  return on_process(process, [&](Process& reading) {
    const bool is_output = channel == PIPE_STDOUT || channel == PIPE_STDERR;
    return is_output && reading.stream(channel) == PIPE_OK ? reading.read_beside_exit(channel) : UV_EINVAL;
  });
}

void pipe_cancel(pipe_process* process, int channel) {
  on_process(process, [&](Process& waiting) {
    if (pipe_core::Channel* awaited = waiting.channel(channel)) awaited->cancel();
    return PIPE_OK;
  });
}

}  // extern "C"
