// Reads and writes, and the start and the end of whatever waits.
#include <cerrno>
#include <cstring>

#include "abi_calls.h"
#include "stream_choices.h"
#include "stream_model.h"

namespace {

using pipe_core::ReadRequest;
using State = Awaited::State;

constexpr double kUntouched = -1;

int choose_channel(Input& input) {
  static constexpr int kChannels[] = {PIPE_STDOUT, PIPE_STDOUT, PIPE_STDOUT, PIPE_STDERR,
                                      PIPE_STDERR, PIPE_STDIN,  PIPE_EXIT,   -1};
  return input.one_of(kChannels);
}

bool is_output(int channel) { return channel == PIPE_STDOUT || channel == PIPE_STDERR; }

// Of a call on an output: PIPE_OK, or what it answers before it looks at the stream.
int output_status(const HostProcess* process, int channel) {
  return process == nullptr || !is_output(channel) ? -EINVAL : process->stream(channel);
}

// What the stream still has to say must come in its order, and all of it unless the child may have been cut short.
void check_shown(const HostProcess& process, HostOutput& output, int outcome) {
  output.will_take = output.shown_bytes.size();
  if (!output.known) return;
  MUST(output.rest.starts_with(output.shown_bytes) || outcome == PIPE_OK);
  const size_t limit = process.loop->max_result;
  const bool any = outcome == PIPE_OK && is_any(output.request);
  if (any) MUST(!output.shown_bytes.empty() && output.shown_bytes.size() <= std::min(output.request.length, limit));
  if (any || outcome == PIPE_TIMEOUT || outcome == PIPE_ABORTED) {
    MUST(output.rest.starts_with(output.shown_bytes));
    return;
  }
  const bool all = output.request.mode == PIPE_READ_ALL || output.request.mode == PIPE_READ_WITHIN;
  const bool at_end = outcome == PIPE_CLOSED || all;
  if (at_end) {
    MUST(process.harmed || output.shown_bytes == output.rest);
    return;
  }
  const Told model = told(output.rest, true, output.request, limit);
  MUST(outcome == model.outcome && output.shown_bytes == model.shown);
  output.will_take = model.taken;
}

void show(const HostProcess& process, HostOutput& output, int outcome, const pipe_slice& slice) {
  if (outcome == PIPE_TOO_MUCH) {
    MUST(slice.data == nullptr);
    return;
  }
  MUST(slice.data != nullptr);
  output.shown = true;
  output.slice = slice;
  output.shown_bytes.assign(slice.data, slice.size);
  check_shown(process, output, outcome);
}

void read(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  const int channel = choose_channel(input);
  ReadRequest request = choose_request(input);
  if (input.once_in(32)) request = {static_cast<int>(input.below(9)) - 2, 0};
  pipe_slice slice = {"untouched", 9};
  const bool nowhere = input.once_in(32);
  const int outcome = pipe_read(raw(process.get()), channel, request.mode, request.length, nowhere ? nullptr : &slice);
  const bool bad_mode = request.mode < PIPE_READ_ALL || request.mode > PIPE_READ_WITHIN;
  const bool nothing_wanted = is_any(request) && request.length == 0;
  if (nowhere || bad_mode || nothing_wanted) {
    MUST(outcome == -EINVAL);
    return;
  }
  if (const int status = output_status(process.get(), channel); status != PIPE_OK) {
    MUST(outcome == status && slice.data == nullptr);
    return;
  }
  HostOutput& output = process->output(channel);
  if (output.shut || !output.read.idle() || output.shown) {
    MUST(outcome == (output.shut ? PIPE_CLOSED : PIPE_BUSY) && slice.data == nullptr);
    return;
  }
  output.request = request;
  if (outcome == PIPE_AGAIN) {
    MUST(slice.data == nullptr);
    if (request.mode != PIPE_READ_POLL) output.read.state = State::kHeld;
    return;
  }
  MUST(outcome == PIPE_OK || outcome == PIPE_CLOSED || outcome == PIPE_TOO_MUCH);
  show(*process, output, outcome, slice);
}

void buffered(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  const int channel = choose_channel(input);
  pipe_buffered* lent = pipe_buffered_bytes(raw(process.get()), channel);
  MUST((lent != nullptr) == (output_status(process.get(), channel) == PIPE_OK));
  if (lent == nullptr) return;
  HostOutput& output = process->output(channel);
  MUST(output.lent == nullptr || output.lent == lent);
  output.lent = lent;
  if (lent->size < 2) return;
  // As lua/pipe/line.lua does, without a call.
  const auto taken = std::min(static_cast<int32_t>(input.size()), lent->size - 1);
  lent->data += taken;
  lent->size -= taken;
  if (output.known) output.rest.erase(0, static_cast<size_t>(taken));
}

void read_result(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  const int channel = choose_channel(input);
  pipe_slice slice = {"untouched", 9};
  const bool nowhere = input.once_in(32);
  const int outcome = pipe_read_result(raw(process.get()), channel, nowhere ? nullptr : &slice);
  if (nowhere) {
    MUST(outcome == -EINVAL);
    return;
  }
  int status = output_status(process.get(), channel);
  if (status == PIPE_OK && !process->output(channel).read.fetches(outcome)) status = -EINVAL;
  if (status != PIPE_OK) {
    MUST(outcome == status && slice.data == nullptr);
    return;
  }
  HostOutput& output = process->output(channel);
  MUST(outcome == PIPE_OK || outcome == PIPE_CLOSED || outcome == PIPE_TOO_MUCH ||
       (outcome == PIPE_TIMEOUT && output.read.timed) || (outcome == PIPE_ABORTED && output.shut));
  process->loop->forget(output.read);
  show(*process, output, outcome, slice);
}

void read_take(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  const int channel = choose_channel(input);
  pipe_read_take(raw(process.get()), channel);
  if (output_status(process.get(), channel) == PIPE_OK) process->output(channel).take_shown();
}

void choose_slices(HostWrite& write, size_t count, Input& input) {
  write.slices = std::make_unique<pipe_slice[]>(count);
  write.total = 0;
  for (size_t i = 0; i < count; ++i) {
    const size_t size = input.size();
    write.bytes.push_back(std::make_unique<char[]>(size));
    std::memset(write.bytes.back().get(), 'w', size);
    write.slices[i] = {write.bytes.back().get(), size};
    write.total += static_cast<double>(size);
  }
}

int input_status(const HostProcess* process) { return process == nullptr ? -EINVAL : process->stream(PIPE_STDIN); }

void check_written(const HostWrite& input, int outcome, double written) {
  MUST(written >= 0 && written <= input.total && (outcome != PIPE_OK || written == input.total));
}

void write(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  const size_t count = input.below(4);
  HostWrite chosen;
  choose_slices(chosen, count, input);
  const bool from_nowhere = input.once_in(32);
  const bool to_nowhere = input.once_in(32);
  double written = kUntouched;
  const int outcome = pipe_write(raw(process.get()), from_nowhere ? nullptr : chosen.slices.get(), count,
                                 to_nowhere ? nullptr : &written);
  if (to_nowhere || (from_nowhere && count > 0)) {
    MUST(outcome == -EINVAL);
    return;
  }
  if (const int status = input_status(process.get()); status != PIPE_OK) {
    MUST(outcome == status && written == 0);
    return;
  }
  HostWrite& own = process->input;
  if (!own.write.idle()) {
    MUST((outcome == PIPE_BUSY || outcome == PIPE_CLOSED) && written == 0);
    return;
  }
  MUST(outcome == PIPE_OK || outcome == PIPE_AGAIN || outcome == PIPE_CLOSED);
  if (process->closed) MUST(outcome == PIPE_CLOSED);
  check_written(chosen, outcome, written);
  if (outcome != PIPE_AGAIN) return;
  own.slices = std::move(chosen.slices);
  own.bytes = std::move(chosen.bytes);
  own.total = chosen.total;
  own.write.state = State::kHeld;
}

void write_result(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  double written = kUntouched;
  const bool nowhere = input.once_in(32);
  const int outcome = pipe_write_result(raw(process.get()), nowhere ? nullptr : &written);
  if (nowhere) {
    MUST(outcome == -EINVAL);
    return;
  }
  int status = input_status(process.get());
  if (status == PIPE_OK && !process->input.write.fetches(outcome)) status = -EINVAL;
  if (status != PIPE_OK) {
    MUST(outcome == status);
    return;
  }
  HostWrite& own = process->input;
  MUST(outcome == PIPE_OK || outcome == PIPE_CLOSED || outcome == PIPE_ABORTED ||
       (outcome == PIPE_TIMEOUT && own.write.timed));
  check_written(own, outcome, written);
  process->loop->forget(own.write);
  own.release();
}

void shutdown(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  const int channel = choose_channel(input);
  const int outcome = pipe_shutdown(raw(process.get()), channel);
  const int status = process == nullptr ? -EINVAL : process->stream(channel);
  if (status != PIPE_OK) {
    MUST(outcome == status);
  } else if (process->told || process->closed) {
    MUST(outcome == PIPE_CLOSED);
  } else if (is_output(channel)) {
    MUST(outcome == PIPE_OK);
    process->output(channel).shut = process->harmed = true;
  } else {
    MUST(outcome == PIPE_OK || (process->terminal && outcome == -EAGAIN));
  }
}

void start(Host& host, Input& input) {
  static constexpr uint32_t kTimeouts[] = {0, 1, ~uint32_t{0}};
  const auto& process = host.processes.any(input);
  const int channel = choose_channel(input);
  const uint32_t timeout_ms = input.one_of(kTimeouts);
  const uint32_t token = input.once_in(16) ? 0 : host.new_token();
  const int status = pipe_start(raw(process.get()), channel, timeout_ms, token);
  Awaited* awaited = process == nullptr ? nullptr : process->awaited(channel);
  if (awaited == nullptr || awaited->idle()) {
    MUST(status == -EINVAL);
  } else if (awaited->state != State::kHeld) {
    MUST(status == PIPE_BUSY);
  } else if (token == 0) {
    MUST(status == -EINVAL);
    process->cancel(channel);
  } else {
    MUST(status == PIPE_OK);
    process->loop->start(*awaited, token, timeout_ms == 1);
  }
}

void cancel(Host& host, Input& input) {
  const auto& process = host.processes.any(input);
  const int channel = choose_channel(input);
  if (process == nullptr) {
    pipe_cancel(nullptr, channel);
  } else {
    process->cancel(channel);
  }
}

constexpr Call kCalls[] = {
    {"pipe_read", read},
    {"pipe_buffered_bytes", buffered},
    {"pipe_read_result", read_result},
    {"pipe_read_take", read_take},
    {"pipe_write", write},
    {"pipe_write_result", write_result},
    {"pipe_shutdown", shutdown},
    {"pipe_start", start},
    {"pipe_cancel", cancel},
};

}  // namespace

std::span<const Call> stream_calls() { return kCalls; }
