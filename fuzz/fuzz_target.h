// What libFuzzer, or a replay, calls.
#ifndef FUZZ_TARGET_H_
#define FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>

extern "C" {
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);
// Once, before the first input; a target need not have it.
__attribute__((weak)) int LLVMFuzzerInitialize(int* argc, char*** argv);
}

#endif
