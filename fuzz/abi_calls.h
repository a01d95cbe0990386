// The calls that abi_fuzz makes: each with any handle, any argument, at any time, and each checks its answer.
#ifndef ABI_CALLS_H_
#define ABI_CALLS_H_

#include <span>

#include "abi_host.h"
#include "input.h"

struct Call {
  const char* name;
  void (*make)(Host& host, Input& input);
};

std::span<const Call> loop_calls();
std::span<const Call> spawn_calls();
std::span<const Call> process_calls();
std::span<const Call> stream_calls();
std::span<const Call> exit_calls();
std::span<const Call> family_calls();
std::span<const Call> plain_calls();
std::span<const Call> fork_calls();
std::span<const Call> beside_calls();
std::span<const Call> signal_calls();
std::span<const Call> file_calls();

#endif
