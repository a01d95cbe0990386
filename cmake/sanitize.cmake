# Makes build/bin/luajit, the interpreter of the specs: a link to LUAJIT, or, with PIPE_SANITIZE, a script that starts it
# with the sanitizers in place; then there is such an nvim, too. The tests put build/bin first in PATH, so that a spec
# that starts a second `luajit` gets the same one.

set(PIPE_LUAJIT "${PROJECT_BINARY_DIR}/bin/luajit")
file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/bin")
file(REMOVE "${PIPE_LUAJIT}")
if(NOT PIPE_SANITIZE)
  file(CREATE_LINK "${LUAJIT}" "${PIPE_LUAJIT}" SYMBOLIC)
  return()
endif()

if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(FATAL_ERROR "PIPE_SANITIZE works with g++ only: clang links its runtime into programs, never into libraries.")
endif()
# Not vptr: its check of an object's type makes a pipe, and takes the lack of descriptors for a bad object.
add_compile_options(-fsanitize=address,undefined -fno-sanitize=vptr -fno-sanitize-recover=all
  -fno-omit-frame-pointer -UNDEBUG)
add_link_options(-fsanitize=address,undefined)

# LuaJIT is not instrumented, so the runtime must be there before anything allocates. libstdc++ comes along because
# AddressSanitizer looks for its __cxa_throw at start, and aborts at the first exception if it was not there.
foreach(library asan stdc++)
  execute_process(COMMAND "${CMAKE_CXX_COMPILER}" -print-file-name=lib${library}.so
    OUTPUT_VARIABLE path OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(APPEND preload "${path}:")
endforeach()

# Programs such as perl break under a sanitizer that they were not built for. This library takes LD_PRELOAD out of
# the environment once the loader has read it, so that no child inherits it.
add_library(forget_preload SHARED csrc/test/forget_preload.c)
target_link_options(forget_preload PRIVATE -fno-sanitize=all)
target_compile_options(forget_preload PRIVATE -fno-sanitize=all)

# bash, for `exec -a`: arg[-1] then names this script. Leaks go unreported, as LuaJIT's are not ours, and what only Lua
# holds at os.exit looks like one; the GoogleTests do report them.
function(add_preloaded name program)
  file(GENERATE OUTPUT "${PROJECT_BINARY_DIR}/bin/${name}" CONTENT "#!/bin/bash
export ASAN_OPTIONS=detect_leaks=0:\$ASAN_OPTIONS
export LD_PRELOAD='${preload}$<TARGET_FILE:forget_preload>'
exec -a \"\$0\" '${program}' \"\$@\"
" FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endfunction()

add_preloaded(luajit "${LUAJIT}")
find_program(NVIM nvim DOC "Neovim, the other program in which specs load the library")
if(NVIM)
  add_preloaded(nvim "${NVIM}")
endif()
