# The fuzzers, in a build of their own, which needs clang: `make fuzz` makes it in build-fuzz. ctest there
#   - runs each target for PIPE_FUZZ_SECONDS, from the kept corpus on;
#   - sees that the kept corpus reaches every branch of the framing;
#   - has each planted bug found from nothing.
# The target keep_corpus puts what the runs have found into fuzz/corpus, minimised.

if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  message(FATAL_ERROR "PIPE_FUZZ needs libFuzzer, which is clang's: cmake -DCMAKE_CXX_COMPILER=clang++")
endif()
set(PIPE_FUZZ_SECONDS 600 CACHE STRING "how long each fuzzer runs")

enable_testing()
include(cmake/fuzz_targets.cmake)
add_custom_target(keep_corpus)

# Not vptr: see sanitize.cmake.
set(fuzz_flags -O1 -g -fno-omit-frame-pointer -UNDEBUG
  -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all)
set(fuzz_link_flags -fsanitize=fuzzer,address,undefined)

# An archive, so that a planted bug's file comes before the one here.
file(GLOB core_sources CONFIGURE_DEPENDS csrc/*.cc)
add_library(fuzz_core STATIC ${core_sources})
target_include_directories(fuzz_core PUBLIC csrc)
target_compile_options(fuzz_core PUBLIC ${fuzz_flags} -Wno-mismatched-tags)
target_link_libraries(fuzz_core PUBLIC PkgConfig::LIBUV Threads::Threads)

function(add_fuzzer executable target)
  add_fuzz_executable(${executable} ${target} ${ARGN})
  target_link_libraries(${executable} PRIVATE fuzz_core)
  target_link_options(${executable} PRIVATE ${fuzz_link_flags})
endfunction()

# Seconds for one input, which takes milliseconds; sizes in bytes, enough for some hundred steps.
set(fuzz_options -timeout=30 -max_len=512 -print_final_stats=1 -print_funcs=0 -len_control=30 -verbosity=0)

foreach(target IN LISTS fuzz_targets)
  add_fuzzer(${target}_fuzz ${target})
  set(kept "${PROJECT_SOURCE_DIR}/fuzz/corpus/${target}")
  set(found "${PROJECT_BINARY_DIR}/corpus/${target}")
  file(MAKE_DIRECTORY "${found}")
  add_test(NAME fuzz.${target}
    COMMAND ${target}_fuzz ${fuzz_options} -max_total_time=${PIPE_FUZZ_SECONDS}
      "-artifact_prefix=${PROJECT_BINARY_DIR}/${target}-" "${found}" "${kept}")
  math(EXPR time_limit "${PIPE_FUZZ_SECONDS} + 300")
  set_tests_properties(fuzz.${target} PROPERTIES TIMEOUT ${time_limit})
  # Without counters: an input for each edge is enough, and not one for each number of times that it is taken.
  add_custom_target(keep_corpus_${target}
    COMMAND ${target}_fuzz -merge=1 -use_counters=0 -verbosity=0 "${kept}" "${found}")
  add_dependencies(keep_corpus keep_corpus_${target})
endforeach()

include(cmake/planted_bugs.cmake)

# Compiled once more: what counts branches is another instrumentation.
add_fuzz_executable(framing_branches framing fuzz/replay.cc csrc/framing.cc csrc/byte_buffer.cc)
target_compile_options(framing_branches PRIVATE -fprofile-instr-generate -fcoverage-mapping)
target_link_options(framing_branches PRIVATE -fprofile-instr-generate)
foreach(tool llvm-profdata llvm-cov)
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-prog-name=${tool}
    OUTPUT_VARIABLE ${tool} OUTPUT_STRIP_TRAILING_WHITESPACE)
endforeach()
add_test(NAME fuzz.framing.branches
  COMMAND "${PROJECT_SOURCE_DIR}/fuzz/unreached-branches.sh" $<TARGET_FILE:framing_branches>
    "${PROJECT_SOURCE_DIR}/fuzz/corpus/framing" "${llvm-profdata}" "${llvm-cov}" csrc/framing.cc csrc/byte_buffer.cc
  WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
