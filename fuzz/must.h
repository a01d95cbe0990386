// A claim that holds whatever the input. Where it does not, a fuzzer keeps the input, and a replay fails.
#ifndef MUST_H_
#define MUST_H_

#include <cstdio>
#include <cstdlib>

#define MUST(claim) must(claim, #claim, __FILE__, __LINE__)

inline void must(bool is_so, const char* claim, const char* file, int line) {
  if (is_so) return;
  std::fprintf(stderr, "%s:%d: %s is not so\n", file, line, claim);
  std::abort();
}

#endif
