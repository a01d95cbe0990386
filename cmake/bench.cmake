# The target `bench`, which no other target needs: the C programs of the benchmark, and the children that they start.
# `make bench` builds it, and runs them.

add_custom_target(bench)

function(add_bench_programs prefix)
  foreach(source IN LISTS ARGN)
    get_filename_component(name "${source}" NAME_WE)
    set(target "bench_${prefix}${name}")
    add_executable(${target} EXCLUDE_FROM_ALL "${source}")
    # The same in a Debug build: what is slow there would flatter us.
    target_compile_options(${target} PRIVATE -O2 -Wpedantic)
    set_target_properties(${target} PROPERTIES
      OUTPUT_NAME "${prefix}${name}"
      RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bench")
    add_dependencies(bench ${target})
  endforeach()
endfunction()

file(GLOB bench_programs CONFIGURE_DEPENDS bench/c/*.c)
add_bench_programs("" ${bench_programs})

# Static: the dynamic loader would take longer than all that is measured, and so would libc's start in those that do
# nothing.
file(GLOB bench_children CONFIGURE_DEPENDS bench/child/*.c)
add_bench_programs("child_" ${bench_children})
foreach(source IN LISTS bench_children)
  get_filename_component(name "${source}" NAME_WE)
  target_link_options(bench_child_${name} PRIVATE -static)
endforeach()
foreach(name exit sleep)
  target_link_options(bench_child_${name} PRIVATE -nostdlib)
endforeach()
