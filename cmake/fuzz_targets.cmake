# What a fuzz target is made of, with libFuzzer (fuzz.cmake) or as a replay of its corpus (tests.cmake).

set(fuzz_targets framing reader abi)
set(fuzz_framing fuzz/framing_fuzz.cc)
set(fuzz_reader fuzz/reader_fuzz.cc)
file(GLOB fuzz_abi CONFIGURE_DEPENDS fuzz/abi_*.cc)
list(APPEND fuzz_abi fuzz/leftovers.cc)

# Static: the dynamic loader would take longer than all that it does.
add_executable(fuzz_child fuzz/child.c)
target_compile_options(fuzz_child PRIVATE -O2 -fno-sanitize=all)
target_link_options(fuzz_child PRIVATE -static -fno-sanitize=all)

function(add_fuzz_executable executable target)
  add_executable(${executable} ${fuzz_${target}} ${ARGN})
  target_include_directories(${executable} PRIVATE csrc fuzz)
  target_compile_definitions(${executable} PRIVATE "PIPE_FUZZ_CHILD=\"$<TARGET_FILE:fuzz_child>\"")
  if(target STREQUAL "abi")
    add_dependencies(${executable} fuzz_child)
  endif()
endfunction()
